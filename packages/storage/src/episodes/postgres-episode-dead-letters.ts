import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import type { EpisodeDeadLetter, EpisodeDeadLetters } from './episode-dead-letters.ts';

/** Dead letters in Postgres. */
export function createPostgresEpisodeDeadLetters(database: Database): EpisodeDeadLetters {
  const select = `SELECT ${COLUMNS} FROM arqon.continuum_dead_letters WHERE tenant_id = $1`;
  return {
    add: (tenant, letters, keep) => database.withTenant(tenant, (sql) => add(sql, tenant, letters, keep)),
    list: (tenant, { after, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<LetterRow>(`${select} AND letter_id > $2 ORDER BY letter_id LIMIT $3`, [
          tenant,
          after,
          limit,
        ]);
        return rows.map(letterOf);
      }),
    get: (tenant, letterId) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<LetterRow>(`${select} AND letter_id = $2`, [tenant, letterId]);
        return row && letterOf(row);
      }),
    remove: (tenant, letterIds) =>
      database.withTenant(tenant, async (sql) => {
        await sql.query(
          'DELETE FROM arqon.continuum_dead_letters WHERE tenant_id = $1 AND letter_id = ANY($2::text[])',
          [tenant, letterIds],
        );
      }),
    count: (tenant) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<{ readonly count: string | number }>(
          'SELECT count(*) AS count FROM arqon.continuum_dead_letters WHERE tenant_id = $1',
          [tenant],
        );
        return Number(row?.count);
      }),
  };
}

interface LetterRow {
  readonly letter_id: string;
  readonly event_id: string;
  readonly reason: string;
  readonly field: string;
  readonly at: Date;
  readonly event: string;
}

const COLUMNS = 'letter_id, event_id, reason, field, at, event';

function letterOf({ letter_id: letterId, event_id: eventId, reason, field, at, event }: LetterRow): EpisodeDeadLetter {
  return { letterId, eventId, reason, field, atMs: at.getTime(), event };
}

async function add(sql: Sql, tenant: TenantId, letters: readonly EpisodeDeadLetter[], keep: number): Promise<number> {
  await sql.query(
    `INSERT INTO arqon.continuum_dead_letters (tenant_id, ${COLUMNS})
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[])
     ON CONFLICT (tenant_id, letter_id) DO NOTHING`,
    [
      tenant,
      letters.map(({ letterId }) => letterId),
      letters.map(({ eventId }) => eventId),
      letters.map(({ reason }) => reason),
      letters.map(({ field }) => field),
      letters.map(({ atMs }) => new Date(atMs)),
      letters.map(({ event }) => event),
    ],
  );
  const gone = await sql.query(
    `DELETE FROM arqon.continuum_dead_letters WHERE tenant_id = $1 AND letter_id <= (
       SELECT letter_id FROM arqon.continuum_dead_letters WHERE tenant_id = $1
       ORDER BY letter_id DESC OFFSET $2 LIMIT 1)
     RETURNING 1`,
    [tenant, keep],
  );
  return gone.length;
}
