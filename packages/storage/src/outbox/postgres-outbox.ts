import { BusError } from '@arqonbus/protocol';
import type { Client } from 'pg';
import { connectToWriter } from '../postgres/connect-to-writer.ts';
import { toBusError } from '../postgres/failure.ts';
import { SILENCE_MS } from './outbox.ts';
import type { Outbox, OutboxSession } from './outbox.ts';
import { NO_FIGURES, readFigures } from './outbox-figures.ts';
import { NOTE_LEFT_BEHIND, readNext, removePublished, settleEnds } from './outbox-rows.ts';
import type { Sql } from '../database.ts';

/** How long an outbox may take, for each wait. */
export interface PostgresOutboxOptions {
  /** `postgres://user:password@host:port/database`, as elsewhere. A secret. */
  readonly url: string;
  /** Default {@link TIMEOUT_MS}. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
/** Ours among the advisory locks of an application's database. */
const LOCK = 4_731_992_014;
const NEWS = 'arqon_outbox';
/** The table is not there, is not one of ours, or may not be used. */
const NO_OUTBOX = new Set(['42P01', '3F000', '42501', '42703']);

/** An outbox on Postgres: {@link OUTBOX_SQL}. Each session is one connection, which holds the turn as an advisory lock. */
export function createPostgresOutbox({ url, timeoutMs = TIMEOUT_MS }: PostgresOutboxOptions): Outbox {
  return {
    open: async (onNews) => {
      const client = await connect(url, timeoutMs);
      client.on('notification', onNews).on('error', onNews).on('end', onNews);
      try {
        await client.query(`SET idle_session_timeout = ${SILENCE_MS}; LISTEN ${NEWS}`);
      } catch (error) {
        await end(client);
        throw told(error);
      }
      return createSession(client);
    },
  };
}

async function connect(url: string, timeoutMs: number): Promise<Client> {
  const connecting = connectToWriter(url, {
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 500,
    keepAlive: true,
    application_name: 'arqonbus-outbox',
  });
  return connecting.catch((error: unknown) => {
    throw told(error);
  });
}

function createSession(client: Client): OutboxSession {
  const sql: Sql = {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  };
  const asking = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      throw told(error);
    }
  };
  let ended: Promise<void> | undefined;
  return {
    take: () => asking(() => take(sql)),
    next: (wanted) => asking(() => readNext(sql, wanted)),
    settle: (ends, keep) => asking(() => settleEnds(sql, ends, keep)),
    tidy: (keptMs) => asking(() => removePublished(sql, keptMs)),
    figures: () => asking(async () => (await readFigures(sql)) ?? NO_FIGURES),
    close: () => (ended ??= end(client)),
  };
}

async function take(sql: Sql): Promise<boolean> {
  const [row] = await sql.query<{ readonly taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [LOCK]);
  if (row?.taken !== true) return false;
  await sql.query(NOTE_LEFT_BEHIND);
  return true;
}

/** A connection that does not end by itself is not waited for. */
async function end(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}

/** Whatever is wrong with a database of somebody else's is no bug of ours, and may be mended there. */
function told(error: unknown): BusError {
  if (NO_OUTBOX.has((error as { readonly code?: string }).code ?? '')) {
    return new BusError('NOT_FOUND', 'There is no outbox that may be used.', { cause: error });
  }
  const known = toBusError(error);
  return known instanceof BusError ? known : new BusError('UNAVAILABLE', undefined, { cause: error });
}
