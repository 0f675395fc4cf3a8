import type { EpisodeEvent, TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import type { EpisodeRow } from './episode-row.ts';
import { episodeKey } from './episode-store.ts';
import type { EpisodeCounts, EpisodeName, EpisodeOutcome, EpisodeStamp, ProjectOptions } from './episode-store.ts';
import { planEpisodes } from './plan-episodes.ts';

/** Projects events inside a transaction, one batch after the other for each tenant. */
export async function projectEpisodes(
  sql: Sql,
  tenant: TenantId,
  events: readonly EpisodeEvent[],
  { maxEpisodes, nowMs, isRebuild = false }: ProjectOptions,
): Promise<readonly EpisodeOutcome[]> {
  const held = await holdEpisodes(sql, tenant);
  const seen = isRebuild ? undefined : await seenOf(sql, tenant, events);
  const stamps = await stampsOf(sql, tenant, events);
  const { outcomes, rows, added } = planEpisodes(events, { stamps, seen, room: maxEpisodes - held.episodes });
  await writeRows(sql, tenant, rows);
  const noted = await noteSeen(sql, tenant, { events, outcomes, nowMs });
  await sql.query(
    'UPDATE arqon.continuum_tenants SET episodes = episodes + $2, events = events + $3 WHERE tenant_id = $1',
    [tenant, added, noted],
  );
  return outcomes;
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
  const rows = await sql.query<Omit<EpisodeRow, 'event_type' | 'payload'>>(
    `SELECT agent_id, episode_id, event_id, source_at_us FROM arqon.continuum_episodes
     WHERE tenant_id = $1 AND (agent_id, episode_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [tenant, names.map(({ agentId }) => agentId), names.map(({ episodeId }) => episodeId)],
  );
  return new Map(
    rows.map((row) => [
      episodeKey({ agentId: row.agent_id, episodeId: row.episode_id }),
      { sourceAtUs: Number(row.source_at_us), eventId: row.event_id },
    ]),
  );
}

async function seenOf(sql: Sql, tenant: TenantId, events: readonly EpisodeEvent[]): Promise<Set<string>> {
  const rows = await sql.query<{ readonly event_id: string }>(
    'SELECT event_id FROM arqon.continuum_events WHERE tenant_id = $1 AND event_id = ANY($2::text[])',
    [tenant, events.map(({ eventId }) => eventId)],
  );
  return new Set(rows.map((row) => row.event_id));
}

async function writeRows(sql: Sql, tenant: TenantId, rows: readonly EpisodeEvent[]): Promise<void> {
  if (rows.length === 0) return;
  await sql.query(
    `INSERT INTO arqon.continuum_episodes (tenant_id, agent_id, episode_id, event_id, event_type, source_at_us, payload)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[])
     ON CONFLICT (tenant_id, agent_id, episode_id) DO UPDATE
     SET event_id = EXCLUDED.event_id, event_type = EXCLUDED.event_type, source_at_us = EXCLUDED.source_at_us,
         payload = EXCLUDED.payload`,
    [
      tenant,
      rows.map((row) => row.agentId),
      rows.map((row) => row.episodeId),
      rows.map((row) => row.eventId),
      rows.map((row) => row.eventType),
      rows.map((row) => row.sourceAtUs),
      rows.map((row) => row.payload),
    ],
  );
}

interface Decided {
  readonly events: readonly EpisodeEvent[];
  readonly outcomes: readonly EpisodeOutcome[];
  readonly nowMs: number;
}

/** Gives how many are new. */
async function noteSeen(sql: Sql, tenant: TenantId, { events, outcomes, nowMs }: Decided): Promise<number> {
  const isNoted = (outcome: EpisodeOutcome | undefined): boolean =>
    outcome === 'projected' || outcome === 'stale_rejected';
  const noted = events.filter((_, index) => isNoted(outcomes[index]));
  if (noted.length === 0) return 0;
  const added = await sql.query(
    `INSERT INTO arqon.continuum_events (tenant_id, event_id, agent_id, episode_id, source_at_us, outcome, seen_at)
     SELECT $1, given.*, $7 FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[]) AS given
     ON CONFLICT (tenant_id, event_id) DO NOTHING RETURNING event_id`,
    [
      tenant,
      noted.map(({ eventId }) => eventId),
      noted.map(({ agentId }) => agentId),
      noted.map(({ episodeId }) => episodeId),
      noted.map(({ sourceAtUs }) => sourceAtUs),
      outcomes.filter(isNoted),
      new Date(nowMs),
    ],
  );
  return added.length;
}
