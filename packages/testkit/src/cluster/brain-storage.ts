import { execFile } from 'node:child_process';
import { createTestDatabase } from '../postgres-server/shared-postgres.ts';
import { startPostgresServer } from '../postgres-server/start-postgres-server.ts';
import type { PostgresServer } from '../postgres-server/start-postgres-server.ts';

/** Postgres for the Brains of a cluster, with the tables of the bus. */
export interface BrainStorage {
  /** Undefined where it is shared with others, and so not to be harmed. */
  readonly postgres: PostgresServer | undefined;
  /** Settings of a Brain. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Whether a cluster has a Postgres of its own, or a database on the one of this test run. */
export type PostgresChoice = 'own' | 'shared';

/** Makes a database and its tables, by the command line as an operator does: `arqon` is its program. */
export async function startBrainStorage(arqon: string, choice: PostgresChoice): Promise<BrainStorage> {
  const postgres = choice === 'own' ? await startPostgresServer() : undefined;
  const database = await (postgres?.createDatabase() ?? createTestDatabase());
  const stop = (): Promise<void> => postgres?.stop() ?? database.drop();
  try {
    await migrate(arqon, database.ownerUrl);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    postgres,
    env: { ARQONBUS_STORAGE_BACKEND: 'postgres', ARQONBUS_POSTGRES_URL: database.url },
    stop,
  };
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
