import { connectToWriter } from '../postgres/connect-to-writer.ts';

/** A row that was refused, and why. */
export interface DeadLetter {
  readonly id: string;
  readonly channel: string;
  readonly message_id: string;
  readonly refused_at: string;
  readonly error_code: string;
  readonly error: string;
}

/** Which dead letters: those with these ids, or all. */
export type DeadLetterChoice = readonly string[] | 'all';

/** The dead letters of an outbox, for its administrator. */
export interface DeadLetters {
  /** Up to `limit`, in their order, after this id; '0' = from the start. */
  list(after: string, limit: number): Promise<readonly DeadLetter[]>;
  /** Has them tried again; gives how many there were. */
  retry(choice: DeadLetterChoice): Promise<number>;
  /** Removes them; gives how many there were. */
  remove(choice: DeadLetterChoice): Promise<number>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const CHOSEN = `refused_at IS NOT NULL AND ($1::bigint[] IS NULL OR id = ANY($1::bigint[]))`;

/** Connects to an application's database. Throws what the driver says. */
export async function openDeadLetters(url: string): Promise<DeadLetters> {
  const client = await connectToWriter(url, {
    connectionTimeoutMillis: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    application_name: 'arqonbus-outbox-letters',
  });
  const change = async (text: string, choice: DeadLetterChoice): Promise<number> =>
    (await client.query(text, [choice === 'all' ? null : choice])).rowCount ?? 0;
  return {
    list: async (after, limit) => {
      const { rows } = await client.query<Omit<DeadLetter, 'refused_at'> & { readonly refused_at: Date }>(
        `SELECT id::text, channel, message_id, refused_at, error_code, error FROM arqon_outbox.messages
         WHERE refused_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2`,
        [after, limit],
      );
      return rows.map((row) => ({ ...row, refused_at: row.refused_at.toISOString() }));
    },
    retry: (choice) =>
      change(
        `WITH again AS (
           UPDATE arqon_outbox.messages SET refused_at = NULL, error_code = NULL, error = NULL WHERE ${CHOSEN} RETURNING 1
         ) SELECT FROM again, LATERAL (SELECT pg_notify('arqon_outbox', '')) AS told`,
        choice,
      ),
    remove: (choice) => change(`DELETE FROM arqon_outbox.messages WHERE ${CHOSEN}`, choice),
    close: () => client.end(),
  };
}
