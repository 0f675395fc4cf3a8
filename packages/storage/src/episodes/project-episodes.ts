import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import type { EpisodeRow } from './episode-row.ts';
import { episodeKey } from './episode-store.ts';
import type { EpisodeCounts, EpisodeName, EpisodeOutcome, EpisodeStamp, ProjectOptions } from './episode-store.ts';
import { planEpisodes } from './plan-episodes.ts';
import type { EpisodePlan } from './plan-episodes.ts';

/** Projects events inside a transaction, one batch after the other for each tenant. */
export async function projectEpisodes(
  sql: Sql,
  tenant: TenantId,
  events: readonly EpisodeEvent[],
  { maxEpisodes, nowMs, isRebuild = false }: ProjectOptions,
): Promise<readonly EpisodeOutcome[]> {
  // Read after the row is held, by a statement of its own: else it would see what was there before.
  const held = await holdEpisodes(sql, tenant);
  const known = await knownOf(sql, tenant, events);
  const seen = isRebuild ? undefined : known.seen;
  const plan = planEpisodes(events, { stamps: known.stamps, seen, room: maxEpisodes - held.episodes });
  await write(sql, tenant, events, plan, nowMs);
  return plan.outcomes;
}

/** Holds the tenant's row until the end of the transaction, and makes it where it is the first. */
export async function holdEpisodes(sql: Sql, tenant: TenantId): Promise<EpisodeCounts> {
  const [row] = await sql.query<{ readonly episodes: string | number; readonly events: string | number }>(
    `WITH listed AS (INSERT INTO arqon.tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING)
     INSERT INTO arqon.continuum_tenants (tenant_id, episodes, events) VALUES ($1, 0, 0)
     ON CONFLICT (tenant_id) DO UPDATE SET events = arqon.continuum_tenants.events RETURNING episodes, events`,
    [tenant],
  );
  return { episodes: Number(row?.episodes), events: Number(row?.events) };
}

/** The stamps of these episodes, by their keys. */
export async function stampsOf(
  sql: Sql,
  tenant: TenantId,
  names: readonly EpisodeName[],
): Promise<Map<string, EpisodeStamp>> {
  return stampsByKey(await sql.query<StampRow>(STAMPS, namesOf(tenant, names)));
}

type StampRow = Omit<EpisodeRow, 'event_type' | 'payload'>;

const STAMPS = `SELECT agent_id, episode_id, event_id, source_at_us FROM arqon.continuum_episodes
  WHERE tenant_id = $1 AND (agent_id, episode_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`;

function namesOf(tenant: TenantId, names: readonly EpisodeName[]): readonly unknown[] {
  return [tenant, names.map(({ agentId }) => agentId), names.map(({ episodeId }) => episodeId)];
}

function stampsByKey(rows: readonly StampRow[]): Map<string, EpisodeStamp> {
  return new Map(
    rows.map((row) => [
      episodeKey({ agentId: row.agent_id, episodeId: row.episode_id }),
      { sourceAtUs: Number(row.source_at_us), eventId: row.event_id },
    ]),
  );
}

/**
 * The stamps of the episodes, and the ids that were seen, in one statement: while a batch is under way another one of its tenant waits,
 * and what takes its time is the way to the server and back.
 */
async function knownOf(
  sql: Sql,
  tenant: TenantId,
  events: readonly EpisodeEvent[],
): Promise<{ readonly stamps: Map<string, EpisodeStamp>; readonly seen: Set<string> }> {
  const rows = await sql.query<StampRow & { readonly is_seen: boolean }>(
    `SELECT *, false AS is_seen FROM (${STAMPS}) stamps
     UNION ALL SELECT '', '', event_id, 0, true FROM arqon.continuum_events
     WHERE tenant_id = $1 AND event_id = ANY($4::text[])`,
    [...namesOf(tenant, events), events.map(({ eventId }) => eventId)],
  );
  const stamps = stampsByKey(rows.filter((row) => !row.is_seen));
  return { stamps, seen: new Set(rows.filter((row) => row.is_seen).map((row) => row.event_id)) };
}

async function write(
  sql: Sql,
  tenant: TenantId,
  events: readonly EpisodeEvent[],
  { outcomes, rows, added }: EpisodePlan,
  nowMs: number,
): Promise<void> {
  const isNoted = (outcome: EpisodeOutcome | undefined): boolean =>
    outcome === 'projected' || outcome === 'stale_rejected';
  const noted = events.filter((_, index) => isNoted(outcomes[index]));
  if (noted.length === 0) return;
  await sql.query(
    `WITH written AS (
       INSERT INTO arqon.continuum_episodes (tenant_id, agent_id, episode_id, event_id, event_type, source_at_us, payload)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])
       ON CONFLICT (tenant_id, agent_id, episode_id) DO UPDATE
       SET event_id = EXCLUDED.event_id, event_type = EXCLUDED.event_type, source_at_us = EXCLUDED.source_at_us,
           payload = EXCLUDED.payload),
     noted AS (
       INSERT INTO arqon.continuum_events (tenant_id, event_id, agent_id, episode_id, source_at_us, outcome, seen_at)
       SELECT $1, given.*, $13 FROM unnest($8::text[], $9::text[], $10::text[], $11::bigint[], $12::text[]) AS given
       ON CONFLICT (tenant_id, event_id) DO NOTHING RETURNING 1)
     UPDATE arqon.continuum_tenants SET episodes = episodes + $14, events = events + (SELECT count(*) FROM noted)
     WHERE tenant_id = $1`,
    [
      ...namesOf(tenant, rows),
      rows.map((row) => row.eventId),
      rows.map((row) => row.eventType),
      rows.map((row) => row.sourceAtUs),
      rows.map((row) => row.payload),
      noted.map(({ eventId }) => eventId),
      noted.map(({ agentId }) => agentId),
      noted.map(({ episodeId }) => episodeId),
      noted.map(({ sourceAtUs }) => sourceAtUs),
      outcomes.filter(isNoted),
      new Date(nowMs),
      added,
    ],
  );
}
