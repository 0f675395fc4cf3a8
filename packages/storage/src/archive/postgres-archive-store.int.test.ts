import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeArchiveStore } from './archive-store.contract.ts';
import { createPostgresArchiveStore } from './postgres-archive-store.ts';

describeArchiveStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return { store: createPostgresArchiveStore(database), close: () => database.close() };
});
