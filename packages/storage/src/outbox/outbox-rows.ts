import type { Sql } from '../database.ts';
import type { OutboxEnd, OutboxRow, OutboxWanted } from './outbox.ts';

const WAITS = 'published_at IS NULL AND refused_at IS NULL';

/** What somebody was publishing who ended without saying what became of it. */
export const NOTE_LEFT_BEHIND: string = `
  UPDATE arqon_outbox.messages m SET tried_at = u.since FROM arqon_outbox.under_way u
  WHERE m.id = ANY(u.ids) AND m.tried_at IS NULL AND ${WAITS}`;

const NEXT = `
  WITH first AS MATERIALIZED (
    SELECT id, channel, message_id, payload::text AS payload, octet_length(payload::text) + coalesce(octet_length(headers::text), 0) AS bytes,
           headers::text AS headers, created_at, tried_at
    FROM arqon_outbox.messages WHERE ${WAITS} AND channel <> ALL($4::text[]) ORDER BY id LIMIT $1
  ), sized AS (
    SELECT *, sum(CASE WHEN bytes > $3 THEN 0 ELSE bytes END) OVER (ORDER BY id) AS upto FROM first
  ), chosen AS (
    SELECT * FROM sized WHERE upto <= $2 OR id = (SELECT min(id) FROM sized)
  ), noted AS (
    UPDATE arqon_outbox.under_way
    SET ids = (SELECT array_agg(id) FROM chosen), since = clock_timestamp() WHERE EXISTS (SELECT FROM chosen)
  )
  SELECT id::text, channel, message_id, headers, CASE WHEN bytes <= $3 THEN payload END AS payload,
         extract(epoch FROM clock_timestamp() - created_at)::float8 * 1000 AS age_ms,
         extract(epoch FROM clock_timestamp() - tried_at)::float8 * 1000 AS tried_ms
  FROM chosen ORDER BY chosen.id`;

interface NextRow {
  readonly id: string;
  readonly channel: string;
  readonly message_id: string;
  readonly payload: string | null;
  readonly headers: string | null;
  readonly age_ms: number;
  readonly tried_ms: number | null;
}

/** Reads the next rows and notes that they are under way, in one statement. */
export async function readNext(sql: Sql, wanted: OutboxWanted): Promise<readonly OutboxRow[]> {
  const { maxRows, maxBytes, maxPayloadBytes, withoutChannels } = wanted;
  const rows = await sql.query<NextRow>(NEXT, [maxRows, maxBytes, maxPayloadBytes, withoutChannels]);
  return rows.map((row) => ({
    rowId: row.id,
    channel: row.channel,
    messageId: row.message_id,
    payload: row.payload ?? undefined,
    headers: row.headers ?? undefined,
    ageMs: Math.max(0, row.age_ms),
    triedMs: row.tried_ms ?? undefined,
  }));
}

const REMOVED = `DELETE FROM arqon_outbox.messages WHERE id = ANY($1::bigint[])`;
const KEPT = `UPDATE arqon_outbox.messages SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[])`;

/** One statement: all of the ends are recorded or none. */
export async function settleEnds(sql: Sql, ends: readonly OutboxEnd[], keep: boolean): Promise<void> {
  if (ends.length === 0) return;
  const of = (state: OutboxEnd['state']): readonly string[] =>
    ends.flatMap((end) => (end.state === state ? [end.rowId] : []));
  const refused = ends.flatMap((end) => (end.state === 'refused' ? [end] : []));
  await sql.query(
    `WITH published AS (${keep ? KEPT : REMOVED}), tried AS (
       UPDATE arqon_outbox.messages SET tried_at = clock_timestamp() WHERE id = ANY($2::bigint[]) AND tried_at IS NULL
     )
     UPDATE arqon_outbox.messages m SET refused_at = clock_timestamp(), error_code = r.code, error = r.text
     FROM unnest($3::bigint[], $4::text[], $5::text[]) AS r (id, code, text) WHERE m.id = r.id`,
    [
      of('published'),
      of('tried'),
      refused.map(({ rowId }) => rowId),
      refused.map(({ code }) => code),
      refused.map(({ text }) => text.replaceAll('\0', '')),
    ],
  );
}

const TIDY_ROWS = 1_000;

/** The oldest first, a bounded number. */
export async function removePublished(sql: Sql, keptMs: number): Promise<number> {
  const rows = await sql.query(
    `DELETE FROM arqon_outbox.messages WHERE id = ANY(ARRAY(
       SELECT id FROM arqon_outbox.messages WHERE published_at < clock_timestamp() - $1::float8 * interval '1 ms'
       ORDER BY published_at LIMIT ${TIDY_ROWS})) RETURNING id`,
    [keptMs],
  );
  return rows.length;
}
