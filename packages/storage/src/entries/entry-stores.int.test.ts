import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeEntryStore } from './entry-store.contract.ts';
import { makeOlder } from './make-older.ts';
import { createMemoryEntryStore } from './memory-entry-store.ts';
import { createPostgresEntryStore } from './postgres-entry-store.ts';

let nowMs = Date.parse('2026-11-26T12:00:00.250Z');
describeEntryStore('in memory', async () => ({
  store: createMemoryEntryStore(() => nowMs),
  pass: async (_, ms) => void (nowMs += ms),
  close: async () => undefined,
}));

describeEntryStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return {
    store: createPostgresEntryStore(database),
    pass: (tenant, ms) => makeOlder(database, tenant, ms),
    close: () => database.close(),
  };
});
