import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

const branches = 95;

const config: ViteUserConfig = defineConfig({
  test: {
    // Two projects, so that only runs with end-to-end tests build what those start.
    projects: [
      {
        extends: true,
        test: {
          name: 'code',
          include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'bench/src/**/*.test.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'e2e', include: ['e2e/src/**/*.test.ts'], globalSetup: ['e2e/src/harness/build-once.ts'] },
      },
    ],
    setupFiles: ['scripts/fail-on-leaks.mjs'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'text'],
      reportsDirectory: '.cache/coverage',
      include: ['packages/{protocol,auth,pipeline}/src/**/*.ts'],
      exclude: ['**/gen/**', '**/*.test.ts', '**/*.contract.ts', '**/index.ts'],
      // QLT-4. Checked by `npm run check -- coverage`.
      thresholds: {
        'packages/protocol/src/**': { branches },
        'packages/auth/src/**': { branches },
        'packages/pipeline/src/**': { branches },
      },
    },
  },
});

export default config;
