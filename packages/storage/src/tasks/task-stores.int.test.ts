import { createMigratedDatabase } from '../contract/test-database.ts';
import { createMemoryTaskStore } from './memory-task-store.ts';
import { createPostgresTaskStore } from './postgres-task-store.ts';
import { describeTaskStore } from './task-store.contract.ts';

describeTaskStore('in memory', async () => ({ store: createMemoryTaskStore(), close: async () => undefined }));
describeTaskStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return { store: createPostgresTaskStore(database), close: () => database.close() };
});
