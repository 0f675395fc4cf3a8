import { defineConfig } from 'vitest/config';
import type { ViteUserConfig } from 'vitest/config';

const branches = 95;
/** These start clusters of their own, and harm them. */
const faults = 'e2e/src/faults/**/*.test.ts';
/** About `arqon dev` itself, which is one process, and about documentation, packages and alerts, which start what they need. */
const devOnly = [
  'start.test.ts',
  'chat-page.test.ts',
  'packed.test.ts',
  'sdk-python-package.test.ts',
  'sdk-go.test.ts',
  'examples.test.ts',
  'docs/**/*.test.ts',
  'drills/*.test.ts',
  'alerts/*.test.ts',
].map((name) => `e2e/src/${name}`);
/** Runs in virtual time, which stands in for that of the whole process. */
const simulation = 'e2e/src/simulation/**';
/** Parsers and inspection alone, as long as somebody wants: `npm run fuzz`. */
const fuzzing = 'e2e/src/fuzzing/**';
/** About a client that sees one Shield alone, whatever stands behind it: once is enough. */
const clusterOnly = ['e2e/src/doctor.test.ts'];

/** For the programs that tests start, and what those start. */
const keepCompiled = new URL('scripts/keep-compiled.mjs', import.meta.url).href;

/** Costs nothing before a test asks for it. */
const sharedPostgres = 'packages/testkit/src/postgres-server/shared-postgres.setup.ts';

const config: ViteUserConfig = defineConfig({
  test: {
    // Several projects, so that only runs with end-to-end tests build what those start.
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
        test: {
          name: 'e2e',
          include: ['e2e/src/**/*.test.ts'],
          exclude: [faults, simulation, fuzzing, ...clusterOnly],
          globalSetup: ['e2e/src/harness/build-once.ts'],
        },
      },
      {
        extends: true,
        // The same tests once more, against Shields, Brains and NATS (PRD-2).
        test: {
          name: 'e2e-cluster',
          include: ['e2e/src/**/*.test.ts'],
          exclude: [faults, simulation, fuzzing, ...devOnly],
          globalSetup: ['e2e/src/harness/build-once.ts'],
          env: { E2E_MODE: 'cluster' },
        },
      },
      {
        extends: true,
        test: { name: 'simulation', isolate: true, include: ['e2e/src/simulation/**/*.test.ts'], testTimeout: 300_000 },
      },
      { extends: true, test: { name: 'fuzz', include: ['e2e/src/fuzzing/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'faults',
          // Some measure how long this process had to wait: what other files have left in it would be measured, too.
          isolate: true,
          include: [faults],
          globalSetup: ['e2e/src/harness/build-once.ts'],
          testTimeout: 45_000,
          hookTimeout: 45_000,
        },
      },
    ],
    setupFiles: ['scripts/fail-on-leaks.mjs'],
    env: { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import ${keepCompiled}` },
    globalSetup: [sharedPostgres],
    pool: 'forks',
    maxWorkers: 2,
    // Files share their process: to load the same modules for each took two thirds of the time of the unit tests.
    isolate: false,
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    retry: 0,
    // What is waited for comes in its time; a second, as vitest has it, is too short on a busy machine.
    expect: { poll: { timeout: 5_000 } },
    allowOnly: false,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'text'],
      reportsDirectory: '.cache/coverage',
      include: ['packages/{protocol,auth,pipeline,casil,policy,schema}/src/**/*.ts'],
      exclude: ['**/gen/**', '**/testing/**', '**/*.test.ts', '**/*.contract.ts', '**/index.ts'],
      // QLT-4. Checked by `npm run check -- unit`.
      thresholds: {
        'packages/protocol/src/**': { branches },
        'packages/auth/src/**': { branches },
        'packages/pipeline/src/**': { branches },
        'packages/casil/src/**': { branches },
        'packages/policy/src/**': { branches },
        'packages/schema/src/**': { branches },
      },
    },
  },
});

export default config;
