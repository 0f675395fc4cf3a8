import { createMigratedDatabase } from '../contract/test-database.ts';
import { describeEpisodeStore } from './episode-store.contract.ts';
import { createMemoryEpisodeDeadLetters } from './memory-episode-dead-letters.ts';
import { createMemoryEpisodeStore } from './memory-episode-store.ts';
import { createPostgresEpisodeDeadLetters } from './postgres-episode-dead-letters.ts';
import { createPostgresEpisodeStore } from './postgres-episode-store.ts';

describeEpisodeStore(
  'in memory',
  async () => ({
    store: createMemoryEpisodeStore(),
    letters: createMemoryEpisodeDeadLetters(),
    close: async () => undefined,
  }),
  300,
);

describeEpisodeStore(
  'Postgres',
  async () => {
    const database = await createMigratedDatabase();
    return {
      store: createPostgresEpisodeStore(database),
      letters: createPostgresEpisodeDeadLetters(database),
      close: () => database.close(),
    };
  },
  15,
);
