import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { EPISODE_COLUMNS, episodeOf } from './episode-row.ts';
import type { EpisodeRow } from './episode-row.ts';
import type { EpisodeCounts, EpisodeQuery, EpisodeStore, ForgetOptions, StoredEpisode } from './episode-store.ts';
import { holdEpisodes, projectEpisodes, stampsOf } from './project-episodes.ts';

/** The projection in Postgres. */
export function createPostgresEpisodeStore(database: Database): EpisodeStore {
  return {
    project: (tenant, events, options) =>
      database.withTenant(tenant, (sql) => projectEpisodes(sql, tenant, events, options)),
    stamps: (tenant, names) => database.withTenant(tenant, (sql) => stampsOf(sql, tenant, names)),
    recount: (tenant) => database.withTenant(tenant, (sql) => recount(sql, tenant)),
    get: (tenant, { agentId, episodeId }) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<EpisodeRow>(
          `SELECT ${EPISODE_COLUMNS} FROM arqon.continuum_episodes
           WHERE tenant_id = $1 AND agent_id = $2 AND episode_id = $3`,
          [tenant, agentId, episodeId],
        );
        return row && episodeOf(row);
      }),
    list: (tenant, query) => database.withTenant(tenant, (sql) => list(sql, tenant, query)),
    counts: (tenant) => database.withTenant(tenant, (sql) => counts(sql, tenant)),
    forget: (tenant, options) => database.withTenant(tenant, (sql) => forget(sql, tenant, options)),
    tenants: () =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>('SELECT tenant_id FROM arqon.tenants ORDER BY 1');
        return rows.map((row) => row.tenant_id as TenantId);
      }),
  };
}

async function list(
  sql: Sql,
  tenant: TenantId,
  { agentId, hasDeleted, after, limit }: EpisodeQuery,
): Promise<readonly StoredEpisode[]> {
  const rows = await sql.query<EpisodeRow>(
    `SELECT ${EPISODE_COLUMNS} FROM arqon.continuum_episodes
     WHERE tenant_id = $1 AND ($2 = '' OR agent_id = $2) AND (agent_id, episode_id) > ($3, $4)
       AND ($5 OR event_type <> 'episode.deleted')
     ORDER BY agent_id, episode_id LIMIT $6`,
    [tenant, agentId, after?.agentId ?? '', after?.episodeId ?? '', hasDeleted, limit],
  );
  return rows.map(episodeOf);
}

async function counts(sql: Sql, tenant: TenantId): Promise<EpisodeCounts> {
  const [row] = await sql.query<{ readonly episodes: string | number; readonly events: string | number }>(
    'SELECT episodes, events FROM arqon.continuum_tenants WHERE tenant_id = $1',
    [tenant],
  );
  return { episodes: Number(row?.episodes ?? 0), events: Number(row?.events ?? 0) };
}

async function recount(sql: Sql, tenant: TenantId): Promise<void> {
  await holdEpisodes(sql, tenant);
  await sql.query(
    `UPDATE arqon.continuum_tenants
     SET episodes = (SELECT count(*) FROM arqon.continuum_episodes WHERE tenant_id = $1),
         events = CASE WHEN EXISTS (SELECT FROM arqon.continuum_events WHERE tenant_id = $1) THEN events ELSE 0 END
     WHERE tenant_id = $1`,
    [tenant],
  );
}

async function forget(
  sql: Sql,
  tenant: TenantId,
  { seenBeforeMs, deletedBeforeUs, limit }: ForgetOptions,
): Promise<number> {
  await holdEpisodes(sql, tenant);
  const events = await sql.query(
    `DELETE FROM arqon.continuum_events WHERE tenant_id = $1 AND event_id IN (
       SELECT event_id FROM arqon.continuum_events WHERE tenant_id = $1 AND seen_at < $2 ORDER BY seen_at LIMIT $3)
     RETURNING 1`,
    [tenant, new Date(seenBeforeMs), limit],
  );
  const tombstones = await sql.query(
    `DELETE FROM arqon.continuum_episodes WHERE tenant_id = $1 AND (agent_id, episode_id) IN (
       SELECT agent_id, episode_id FROM arqon.continuum_episodes
       WHERE tenant_id = $1 AND event_type = 'episode.deleted' AND source_at_us < $2 LIMIT $3)
     RETURNING 1`,
    [tenant, deletedBeforeUs, limit],
  );
  await sql.query(
    'UPDATE arqon.continuum_tenants SET episodes = episodes - $2, events = events - $3 WHERE tenant_id = $1',
    [tenant, tombstones.length, events.length],
  );
  return events.length + tombstones.length;
}
