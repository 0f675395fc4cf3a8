import type { Sql } from '../database.ts';
import { MAX_COUNTED } from './outbox.ts';
import type { OutboxFigures } from './outbox.ts';

/** Of an outbox in which nothing waits. */
export const NO_FIGURES: OutboxFigures = { waiting: 0, oldestMs: 0, refused: 0 };

const WAITING = 'FROM arqon_outbox.messages WHERE published_at IS NULL AND refused_at IS NULL';
const REFUSED = 'FROM arqon_outbox.messages WHERE refused_at IS NOT NULL';

const FIGURES = `
  SELECT (SELECT count(*)::int FROM (SELECT ${WAITING} LIMIT ${MAX_COUNTED}) AS w) AS waiting,
         (SELECT count(*)::int FROM (SELECT ${REFUSED} LIMIT ${MAX_COUNTED}) AS r) AS refused,
         coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 * 1000
                   ${WAITING} ORDER BY id LIMIT 1), 0) AS "oldestMs"`;

/** What waits and what was refused. */
export async function readFigures(sql: Sql): Promise<OutboxFigures | undefined> {
  const [figures] = await sql.query<OutboxFigures>(FIGURES);
  return figures;
}
