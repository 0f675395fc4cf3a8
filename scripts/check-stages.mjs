import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAdmission } from './gates/check-admission.mjs';
import { checkChartServers } from './gates/check-chart-servers.mjs';
import { checkChart } from './gates/check-chart.mjs';
import { checkCluster } from './gates/check-cluster.mjs';
import { checkGo } from './gates/check-go.mjs';
import { checkOldestPython } from './gates/check-oldest-python.mjs';
import { checkRust } from './gates/check-rust.mjs';
import { checkPackages } from './gates/check-packages.mjs';
import { checkSecrets } from './gates/check-secrets.mjs';
import { checkReproducibleBuild } from './gates/reproducible-build.mjs';
import { allPass, testsPass, vitestPasses, vitestPassesOnNode24 } from './gates/run-commands.mjs';
import { testsOfRules } from './gates/tests-of-rules.mjs';
import { checkGeneratedCode, checkWireCompatibility } from './proto-checks.mjs';
import { root } from './root.mjs';
import { parseRules } from './rule-trace.mjs';

const typeScript = ['tsc', '-p', '.'];
const lint = [['oxlint'], ['node', 'scripts/house-style.mjs']];
const format = ['oxfmt', '--check'];

const integrationTests = '**/*.int.test.ts';

/** What stands between a stranger and another tenant's data: identity, rights, names, NATS users, the permission matrix. */
const securityTests = [
  'packages/auth/src',
  'packages/spine/src/nats/nats-rights.int.test.ts',
  'e2e/src/permission-matrix.test.ts',
  'e2e/src/tenants.test.ts',
  'e2e/src/faults/auth-attacks.test.ts',
  'e2e/src/faults/hostile-names.test.ts',
  'e2e/src/faults/tenancy.test.ts',
];

/** A chart that is not sound is not shown to an API server: what that would say of it is known. */
const checkWholeChart = async () => (await checkChart()) && (await checkAdmission()) && (await checkChartServers());

/** The twelve stages in the order in which they run: what each is about, and steps that say whether it passed. docs/gates.md tells more. */
export const stages = {
  spec: {
    about: 'every rule has a test, every test names a known rule',
    run: () => allPass(['node', 'scripts/trace.mjs', '--problems-only']),
  },
  proto: {
    about: 'lint, compatibility with the last release, generated code up to date',
    run: async () =>
      (await allPass(['buf', 'lint'])) && (await checkWireCompatibility()) && (await checkGeneratedCode()),
  },
  code: {
    about: 'types, lint, layering, sizes, names, format',
    run: () => allPass(typeScript, ...lint, format),
  },
  build: { about: 'two builds in different folders are the same bytes', run: () => checkReproducibleBuild() },
  unit: {
    about: 'unit and contract tests, branch coverage of protocol, auth and pipeline',
    run: () => vitestPasses(['--project', 'code', '--exclude', integrationTests, '--coverage']),
  },
  integration: {
    about: 'real servers, end to end in one process and in a cluster, faults',
    run: () => vitestPasses(['.int.test.ts', 'e2e/src']),
  },
  security: {
    about: 'packages and licences, secrets in the tree and its history, rights',
    run: async () => {
      const results = [await checkPackages(), await checkSecrets(), await testsPass(securityTests)];
      return results.every((passed) => passed);
    },
  },
  performance: {
    about: 'short paired benchmarks keep the ratios of bench/budget.json',
    run: () => allPass(['node', 'scripts/bench.mjs', '--budget']),
  },
  chaos: {
    about: 'faults at their full length, fuzzed frames',
    run: async () =>
      (await allPass(['node', 'scripts/chaos.mjs'])) &&
      (await testsPass(['e2e/src/fuzz.test.ts', 'e2e/src/bad-frames.test.ts', 'e2e/src/fuzzing'])),
  },
  observability: {
    about: 'the tests that name a rule of telemetry: logs, metrics, dashboards, stream',
    run: () => testsPass(filesNaming('TEL')),
  },
  compatibility: {
    about: 'the server of today against clients and vectors of earlier releases',
    run: () => testsPass(['e2e/src/compatibility', 'packages/protocol/src/frozen-vectors.test.ts']),
  },
  deployment: {
    about: 'images build and start, docker-compose.yml outlives a Shield; the chart renders, validates and is admitted',
    run: async () => {
      const results = [await checkWholeChart(), await allPass(['node', 'scripts/images.mjs', '--compose'])];
      return results.every((passed) => passed);
    },
  },
};

/** Only by name: parts of a stage, and what proves the stages. */
export const parts = {
  types: { about: 'TypeScript (part of code)', run: () => allPass(typeScript) },
  lint: { about: 'code, layering, sizes, names, documentation of exports (part of code)', run: () => allPass(...lint) },
  format: { about: 'oxfmt (part of code)', run: () => allPass(format) },
  chart: {
    about:
      'the Helm chart renders to what is expected, validates, is admitted by an API server, and its servers work (part of deployment)',
    run: checkWholeChart,
  },
  cluster: {
    about:
      'the Helm chart in a cluster of one node that is built here: installed, tested, its pods replaced under load',
    run: checkCluster,
  },
  images: {
    about: 'images are built twice, looked into and started (part of deployment)',
    run: () => allPass(['node', 'scripts/images.mjs']),
  },
  signing: {
    about: 'images and their bills of materials are signed in a registry, and verified there',
    run: () => allPass(['node', 'scripts/images.mjs', '--sign']),
  },
  node24: {
    about: 'unit, contract and end-to-end tests on Node 24',
    run: () => vitestPassesOnNode24(['--project', 'code', '--project', 'e2e', '--exclude', integrationTests]),
  },
  go: { about: 'the Go SDK under the race detector: its parts, and all scenarios', run: () => checkGo() },
  python: { about: 'the Python SDK with the oldest Python that it promises', run: checkOldestPython },
  rust: { about: 'the example policies in Rust give the modules in the repository', run: () => checkRust() },
  gates: {
    about: 'a defect planted for each stage, in a copy of the repository',
    run: () => vitestPasses(['--config', 'vitest.gates.config.ts']),
  },
};

/** The test files that name a rule of this family; says which of its rules no test names yet. */
function filesNaming(family) {
  const tests = testsOfRules(root);
  const ids = parseRules(readFileSync(join(root, 'docs/rules.md'), 'utf8'))
    .map(({ id }) => id)
    .filter((id) => id.startsWith(`${family}-`));
  const untested = ids.filter((id) => !tests.has(id));
  if (untested.length > 0)
    process.stdout.write(`Nothing is checked about ${untested.join(', ')}: no test names it yet.\n`);
  // A contract is run by the test files that import it.
  return [...new Set(ids.flatMap((id) => tests.get(id) ?? []))].filter((file) => file.endsWith('.test.ts'));
}
