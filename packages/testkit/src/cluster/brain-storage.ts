import { execFile } from 'node:child_process';
import type { PostgresDatabase } from '../postgres-server/create-database.ts';
import { copyTestDatabase, createTestDatabase } from '../postgres-server/shared-postgres.ts';
import { startPostgresServer } from '../postgres-server/start-postgres-server.ts';
import type { PostgresServer } from '../postgres-server/start-postgres-server.ts';

/** Postgres for the Brains of a cluster, with the tables of the bus. */
export interface BrainStorage {
  /** Undefined where it is shared with others, and so not to be harmed. */
  readonly postgres: PostgresServer | undefined;
  /** The database, as an administrator whom no row-level security binds. */
  readonly adminUrl: string;
  /** The same, as Brains connect to it. */
  readonly url: string;
  /** Settings of a Brain. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Whether a cluster has a Postgres of its own, or a database on the one of this test run. */
export type PostgresChoice = 'own' | 'shared';

/** With the tables of the bus, on the server that all tests share: this process makes it once, and copies it. */
let template: Promise<PostgresDatabase> | undefined;

/** Makes a database and its tables, by the command line as an operator does: `arqon` is its program. */
export async function startBrainStorage(arqon: string, choice: PostgresChoice): Promise<BrainStorage> {
  if (choice === 'shared') {
    template ??= createTestDatabase().then((database) => withTables(arqon, database));
    const database = await copyTestDatabase(await template);
    const { adminUrl, url } = database;
    return { postgres: undefined, adminUrl, url, env: settingsOf(database), stop: database.drop };
  }
  const postgres = await startPostgresServer();
  try {
    const database = await withTables(arqon, await postgres.createDatabase());
    const { adminUrl, url } = database;
    return { postgres, adminUrl, url, env: settingsOf(database), stop: postgres.stop };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

function settingsOf({ url }: PostgresDatabase): Readonly<Record<string, string>> {
  return { ARQONBUS_STORAGE_BACKEND: 'postgres', ARQONBUS_POSTGRES_URL: url };
}

async function withTables(arqon: string, database: PostgresDatabase): Promise<PostgresDatabase> {
  await migrate(arqon, database.ownerUrl);
  return database;
}

function migrate(arqon: string, ownerUrl: string): Promise<void> {
  const env = { PATH: process.env['PATH'], ARQONBUS_POSTGRES_OWNER_URL: ownerUrl };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [arqon, 'migrate'], { env }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`arqon migrate failed: ${stderr}`, { cause: error }));
    });
  });
}
