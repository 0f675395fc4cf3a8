import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { main } from 'assemblyscript/asc';

// Compiles the policies of assembly/ to dist/, or to the folder that is named.

const here = import.meta.dirname;

/** Names of the policies that there are. */
export const policies = ['word-filter', 'energy-cap', 'pii-masker'];

// Memory for the largest payload, as an instance that grows is thrown away. Nothing is ever freed, since nothing outlives a
// call; and what must not happen traps, which is a block.
const flags = '--runtime stub --initialMemory 4 --use abort= --optimizeLevel 3 --shrinkLevel 1 --noAssert'.split(' ');

/** Compiles one; throws with what the compiler says. */
export async function buildPolicy(name, folder) {
  const files = [`assembly/${name}.ts`, '--outFile', join(folder, `${name}.wasm`), '--baseDir', here];
  let said = '';
  const { error } = await main([...files, ...flags], { stderr: { write: (text) => void (said += text) } });
  if (error !== null) throw new Error(`${name}: ${said}`);
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2] ?? join(here, 'dist');
  mkdirSync(folder, { recursive: true });
  for (const name of policies) await buildPolicy(name, folder);
}
