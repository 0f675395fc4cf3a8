import { afterAll } from 'vitest';
import { describeArchiveStore } from '../archive/archive-store.contract.ts';
import { createPostgresArchiveStore } from '../archive/postgres-archive-store.ts';
import { describeGrantStore } from '../grants/grant-store.contract.ts';
import { describeEntryStore } from '../entries/entry-store.contract.ts';
import { makeOlder } from '../entries/make-older.ts';
import { createPostgresEntryStore } from '../entries/postgres-entry-store.ts';
import { describeEpisodeStore } from '../episodes/episode-store.contract.ts';
import { createPostgresEpisodeDeadLetters } from '../episodes/postgres-episode-dead-letters.ts';
import { createPostgresEpisodeStore } from '../episodes/postgres-episode-store.ts';
import { createPostgresGrantStore } from '../grants/postgres-grant-store.ts';
import { describeDatabase } from './database.contract.ts';
import { describeTaskStore } from '../tasks/task-store.contract.ts';
import { createPostgresTaskStore } from '../tasks/postgres-task-store.ts';
import { describeWebhookStore } from '../webhooks/webhook-store.contract.ts';
import { createPostgresWebhookStore } from '../webhooks/postgres-webhook-store.ts';
import { createPgliteDatabase } from './pglite-database.ts';
import type { PgliteDatabase } from './pglite-database.ts';

// One engine for all suites: it takes seconds to start, and much memory.
let engine: Promise<PgliteDatabase> | undefined;
const open = (): Promise<PgliteDatabase> => (engine ??= createPgliteDatabase());
/** For suites that begin with nothing. */
const openEmpty = async (): Promise<PgliteDatabase> => {
  const database = await open();
  await database.empty();
  return database;
};
const stayOpen = async (): Promise<void> => undefined;
afterAll(async () => (await engine)?.close());

describeDatabase('[QLT-6] PGlite', async () => ({ ...(await open()), close: stayOpen }));
describeGrantStore('[QLT-6] PGlite', async () => ({ store: createPostgresGrantStore(await open()), close: stayOpen }));
describeArchiveStore('[QLT-6] PGlite', async () => ({
  store: createPostgresArchiveStore(await open()),
  close: stayOpen,
}));
describeTaskStore('[QLT-6] PGlite', async () => ({ store: createPostgresTaskStore(await open()), close: stayOpen }));
describeWebhookStore('[QLT-6] PGlite', async () => ({
  store: createPostgresWebhookStore(await openEmpty()),
  close: stayOpen,
}));
// Not cron: this engine's driver writes times of the far future, at which a schedule ends, as text that Postgres refuses.
describeEntryStore('[QLT-6] PGlite', async () => {
  const database = await open();
  return {
    store: createPostgresEntryStore(database),
    pass: (tenant, ms) => makeOlder(database, tenant, ms),
    close: stayOpen,
  };
});
describeEpisodeStore(
  '[QLT-6] PGlite',
  async () => {
    const database = await open();
    return {
      store: createPostgresEpisodeStore(database),
      letters: createPostgresEpisodeDeadLetters(database),
      close: stayOpen,
    };
  },
  5,
);
