import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isExecutable, onPath } from '../find-program.mjs';
import { root } from '../root.mjs';
import { run } from '../run.mjs';

const cwd = join(root, 'examples/policies/rust');
/** Where Cargo puts each of the modules that are in the repository. */
const modules = { word_filter: '', energy_cap: 'examples', pii_masker: 'examples' };

/**
 * True when the example policies in Rust can be built, and give the modules that are in the repository. Needs the Rust that
 * those were built with, 1.95: another one writes other bytes.
 */
export async function checkRust() {
  const cargo = onPath('cargo').find(isExecutable);
  if (cargo === undefined) throw new Error('There is no Cargo here: https://rustup.rs');
  const target = mkdtempSync(join(tmpdir(), 'arqonbus-rust-'));
  try {
    const env = { CARGO_TARGET_DIR: target };
    const args = ['build', '--release', '--locked', '--offline', '--lib', '--examples'];
    if ((await run(cargo, args, { env, cwd })).code !== 0) return false;
    const others = Object.entries(modules).filter(([name, folder]) => !isSame(target, name, folder));
    for (const [name] of others) console.log(`${name}.wasm in the repository is not what its source gives.`);
    return others.length === 0;
  } finally {
    rmSync(target, { recursive: true });
  }
}

function isSame(target, name, folder) {
  const built = join(target, 'wasm32-unknown-unknown/release', folder, `${name}.wasm`);
  return readFileSync(built).equals(readFileSync(join(cwd, `${name}.wasm`)));
}
