import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeLeases } from './leases.contract.ts';
import { createMemoryLeases } from './memory-leases.ts';
import { createPostgresLeases } from './postgres-leases.ts';

describeLeases('in memory', async () => {
  let nowMs = 0;
  return {
    leases: createMemoryLeases(() => nowMs),
    pass: async (ms) => {
      nowMs += ms;
    },
    close: async () => undefined,
  };
});

// Not on PGlite: its one connection cannot serve two who believe.
describeLeases('Postgres', async () => {
  const database = await createMigratedDatabase();
  return {
    leases: createPostgresLeases(database),
    // The server's clock moves by itself; it is asked to be past the moment.
    pass: async (ms) => {
      await database.withoutTenant((sql) => sql.query('SELECT pg_sleep($1::float8 / 1000)', [ms + 1]));
    },
    close: () => database.close(),
  };
});
