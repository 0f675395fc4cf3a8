import { defineConfig } from 'vitest/config';

const branches = 95;

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'e2e/src/**/*.test.ts',
      'bench/src/**/*.test.ts',
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
