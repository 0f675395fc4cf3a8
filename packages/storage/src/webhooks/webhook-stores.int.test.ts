import { createMigratedDatabase } from '../contract/test-database.ts';
import { createMemoryWebhookStore } from './memory-webhook-store.ts';
import { createPostgresWebhookStore } from './postgres-webhook-store.ts';
import { describeWebhookStore } from './webhook-store.contract.ts';

describeWebhookStore('in memory', async () => ({ store: createMemoryWebhookStore(), close: async () => undefined }));
describeWebhookStore('Postgres', async () => {
  const database = await createMigratedDatabase();
  return { store: createPostgresWebhookStore(database), close: () => database.close() };
});
