import { build } from './build.mjs';
import { checkGeneratedCode, checkWireCompatibility } from './proto-checks.mjs';
import { run } from './run.mjs';

/** Each stage, in the order in which they run: what it is about, and steps that say whether it passed. */
export const stages = {
  spec: {
    about: 'every rule has a test, every test names a known rule',
    run: () => all([['node', 'scripts/trace.mjs', '--problems-only']]),
  },
  proto: {
    about: 'lint, compatibility with the last release, generated code up to date',
    run: async () => (await all([['buf', 'lint']])) && (await checkWireCompatibility()) && (await checkGeneratedCode()),
  },
  types: { about: 'TypeScript', run: () => all([['tsc', '-p', '.']]) },
  lint: {
    about: 'code, layering, sizes, names, documentation of exports',
    run: () => all([['oxlint'], ['node', 'scripts/house-style.mjs']]),
  },
  format: { about: 'oxfmt', run: () => all([['oxfmt', '--check']]) },
  build: {
    about: 'bundles',
    run: async () => {
      await build();
      return true;
    },
  },
  test: { about: 'all tests', run: () => all([['node', 'scripts/test.mjs']]) },
  coverage: {
    about: 'branch coverage of protocol, auth and pipeline',
    run: () =>
      all([
        ['vitest', 'run', '--coverage', '--reporter=dot', 'packages/protocol', 'packages/auth', 'packages/pipeline'],
      ]),
  },
};

/** Runs every command, so that one report shows all that is wrong; true when all passed. */
async function all(commands) {
  const codes = [];
  for (const [program, ...args] of commands) codes.push((await run(program, args)).code);
  return codes.every((code) => code === 0);
}
