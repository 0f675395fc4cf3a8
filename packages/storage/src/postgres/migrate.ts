import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Client } from 'pg';
import Postgrator from 'postgrator';
import { connectToWriter } from './connect-to-writer.ts';
import { kindOfFailure } from './failure.ts';

/** A connection that migrations run on; several statements in one text. */
export interface MigrationConnection {
  /** Rows of the last statement. */
  exec(text: string): Promise<readonly object[]>;
}

/** What a migration did. */
export interface MigrationReport {
  readonly from: number;
  readonly to: number;
  /** Names of the steps, in order; empty = the tables were new enough. */
  readonly applied: readonly string[];
}

/** How a database is migrated. */
export interface MigrationOptions {
  /** How long to try again while no server can be connected to, in ms; default 0 = one try. */
  readonly waitMs?: number;
}

const AGAIN_MS = 500;
/** Ours among all advisory locks of a database. */
const LOCK = 4_731_992_013;
const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));

/**
 * Brings the tables of a database up to this program, as the role that owns them, and changes nothing where they are new
 * enough. Steps only go forward, all in one transaction, and one process at a time: others wait. Throws where a step
 * that was applied has been changed since, and what the last try to connect said.
 */
export async function migratePostgres(
  ownerUrl: string,
  { waitMs = 0 }: MigrationOptions = {},
): Promise<MigrationReport> {
  const client = await reachWriter(ownerUrl, Date.now() + waitMs);
  try {
    return await migrate({
      // The driver gives one result for one statement, and a list for several.
      exec: async (text) => [await client.query<object>(text)].flat().at(-1)?.rows ?? [],
    });
  } finally {
    await client.end();
  }
}

async function reachWriter(ownerUrl: string, untilMs: number): Promise<Client> {
  for (;;) {
    try {
      return await connectToWriter(ownerUrl, { application_name: 'arqonbus-migrate' });
    } catch (error) {
      if (kindOfFailure(error) !== 'connection' || Date.now() + AGAIN_MS > untilMs) throw error;
    }
    await wait(AGAIN_MS);
  }
}

/** As {@link migratePostgres}, on a connection that is open. `target`: the last step to take; default: all. */
export async function migrate(connection: MigrationConnection, target?: number): Promise<MigrationReport> {
  const steps = new Postgrator({
    driver: 'pg',
    migrationPattern: `${FOLDER.replaceAll('\\', '/')}*.sql`,
    schemaTable: 'arqon.schema_version',
    newline: 'LF',
    execQuery: async (text) => ({ rows: [...(await connection.exec(text))] }),
  });
  await connection.exec('BEGIN');
  try {
    await connection.exec(`SELECT pg_advisory_xact_lock(${LOCK})`);
    const from = await steps.getDatabaseVersion();
    if (from > 0) await steps.validateMigrations(from);
    const newest = target ?? (await steps.getMaxVersion());
    // It would look for steps back, where a newer program has been here.
    const applied = from >= newest ? [] : await steps.migrate(String(newest));
    await connection.exec('COMMIT');
    return { from, to: Math.max(from, newest), applied: applied.map(({ version, name }) => `${version} ${name}`) };
  } catch (error) {
    await connection.exec('ROLLBACK');
    throw error;
  }
}
