import {
  createMemoryCronStore,
  createPostgresCronStore,
  createPostgresDatabase,
  migratePostgres,
} from '@arqonbus/storage';
import type { CronStore } from '@arqonbus/storage';
import { createTestDatabase } from '@arqonbus/testkit';

/** Schedules under test. `pass` lets that much time go by on the clock by which claims run out. */
export interface OpenedCron {
  readonly store: CronStore;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Both places in which schedules are kept, by name. */
export const openCronStores: readonly (readonly [name: string, open: () => Promise<OpenedCron>])[] = [
  [
    'in memory',
    async () => {
      let nowMs = 0;
      const pass = async (ms: number): Promise<void> => {
        nowMs += ms;
      };
      return { store: createMemoryCronStore(() => nowMs), pass, close: async () => undefined };
    },
  ],
  [
    'in Postgres',
    async () => {
      const place = await createTestDatabase();
      await migratePostgres(place.ownerUrl);
      const bounds = { poolSize: 10, connectTimeoutMs: 10_000, statementTimeoutMs: 10_000, maxWaiting: 64 };
      const database = createPostgresDatabase({ ...bounds, url: place.url });
      const pass = async (ms: number): Promise<void> => {
        await database.withoutTenant((sql) => sql.query('SELECT pg_sleep($1::float8 / 1000)', [ms + 1]));
      };
      const close = async (): Promise<void> => {
        await database.close();
        await place.drop();
      };
      return { store: createPostgresCronStore(database), pass, close };
    },
  ],
];
