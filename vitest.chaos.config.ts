import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

// `npm run chaos`: what takes its full time, and so is not in `npm test` (QLT-5).
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['e2e/src/chaos/*.chaos.ts'],
    globalSetup: ['e2e/src/harness/build-once.ts', 'packages/testkit/src/postgres-server/shared-postgres.setup.ts'],
    setupFiles: ['scripts/fail-on-leaks.mjs'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 300_000,
    hookTimeout: 30_000,
  },
});

export default config;
