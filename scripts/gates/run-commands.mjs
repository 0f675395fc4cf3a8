import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ensureNode24 } from '../ensure-node24.mjs';
import { ensureSystem } from '../ensure-system.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

/** Runs every command, so that one report shows all that is wrong; true when all passed. */
export async function allPass(...commands) {
  const codes = [];
  for (const [program, ...args] of commands) codes.push((await run(program, args)).code);
  return codes.every((code) => code === 0);
}

/** Runs test files or folders; true when all passed. Throws where one of them is not there, and where none is named. */
export async function testsPass(places) {
  // Without a name vitest would run everything, and that it passed would say nothing about this stage.
  if (places.length === 0) throw new Error('There is no such test.');
  const missing = places.filter((place) => !existsSync(join(root, place)));
  if (missing.length > 0) throw new Error(`There is no ${missing.join(', no ')}.`);
  return vitestPasses(places);
}

/** Runs vitest with these arguments and with the servers that tests need; true when all passed. */
export async function vitestPasses(args) {
  const env = await ensureSystem();
  return (await run('vitest', ['run', '--reporter=dot', ...args], { env })).code === 0;
}

/** Runs vitest and all that it starts on Node 24; true when all passed. */
export async function vitestPassesOnNode24(args) {
  const bin = await ensureNode24();
  const env = { ...(await ensureSystem()), PATH: [bin, process.env.PATH].join(delimiter) };
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return (await run(join(bin, 'node'), [vitest, 'run', '--reporter=dot', ...args], { env })).code === 0;
}
