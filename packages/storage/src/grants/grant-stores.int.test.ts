import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeGrantStore } from './grant-store.contract.ts';
import { createMemoryGrantStore } from './memory-grant-store.ts';
import { createPostgresGrantStore } from './postgres-grant-store.ts';

describeGrantStore('in memory', async () => ({ store: createMemoryGrantStore(), close: async () => undefined }));
describeGrantStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return { store: createPostgresGrantStore(database), close: () => database.close() };
});
