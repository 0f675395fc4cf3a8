import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeCronStore } from './cron-store.contract.ts';
import { createMemoryCronStore } from './memory-cron-store.ts';
import { createPostgresCronStore } from './postgres-cron-store.ts';

describeCronStore('in memory', async () => {
  let nowMs = 0;
  return {
    store: createMemoryCronStore(() => nowMs),
    pass: async (ms) => {
      nowMs += ms;
    },
    close: async () => undefined,
  };
});

describeCronStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return {
    store: createPostgresCronStore(database),
    // The server's clock moves by itself; it is asked to be past the moment.
    pass: async (ms) => {
      await database.withoutTenant((sql) => sql.query('SELECT pg_sleep($1::float8 / 1000)', [ms + 1]));
    },
    close: () => database.close(),
  };
});
