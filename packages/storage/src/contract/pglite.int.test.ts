import { afterAll } from 'vitest';
import { describeArchiveStore } from '../archive/archive-store.contract.ts';
import { createPostgresArchiveStore } from '../archive/postgres-archive-store.ts';
import type { Database } from '../database.ts';
import { describeGrantStore } from '../grants/grant-store.contract.ts';
import { describeEntryStore } from '../entries/entry-store.contract.ts';
import { makeOlder } from '../entries/make-older.ts';
import { createPostgresEntryStore } from '../entries/postgres-entry-store.ts';
import { describeEpisodeStore } from '../episodes/episode-store.contract.ts';
import { createPostgresEpisodeDeadLetters } from '../episodes/postgres-episode-dead-letters.ts';
import { createPostgresEpisodeStore } from '../episodes/postgres-episode-store.ts';
import { createPostgresGrantStore } from '../grants/postgres-grant-store.ts';
import { describeDatabase } from './database.contract.ts';
import { createPgliteDatabase } from './pglite-database.ts';

// One engine for all suites: it takes seconds to start, and much memory.
let engine: Promise<Database> | undefined;
const open = (): Promise<Database> => (engine ??= createPgliteDatabase());
const stayOpen = async (): Promise<void> => undefined;
afterAll(async () => (await engine)?.close());

describeDatabase('[QLT-6] PGlite', async () => ({ ...(await open()), close: stayOpen }));
describeGrantStore('[QLT-6] PGlite', async () => ({ store: createPostgresGrantStore(await open()), close: stayOpen }));
describeArchiveStore('[QLT-6] PGlite', async () => ({
  store: createPostgresArchiveStore(await open()),
  close: stayOpen,
}));
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
