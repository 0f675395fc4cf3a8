import { createTestDatabase } from '@arqonbus/testkit';
import type { Database } from '../database.ts';
import { migratePostgres } from '../postgres/migrate.ts';
import { createPostgresDatabase } from '../postgres/postgres-database.ts';
import type { PostgresOptions } from '../postgres/postgres-options.ts';

/** Bounds that a busy machine keeps. */
export const ROOMY: Omit<PostgresOptions, 'url'> = {
  poolSize: 4,
  connectTimeoutMs: 10_000,
  statementTimeoutMs: 10_000,
  maxWaiting: 64,
};

/** A real Postgres with our tables, for one test; closing it removes the database. */
export async function createMigratedDatabase(): Promise<Database> {
  const place = await createTestDatabase();
  await migratePostgres(place.ownerUrl);
  const database = createPostgresDatabase({ ...ROOMY, url: place.url });
  return {
    ...database,
    close: async () => {
      await database.close();
      await place.drop();
    },
  };
}
