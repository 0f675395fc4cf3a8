import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { ensurePython } from './ensure-python.mjs';
import { isMain, root } from './root.mjs';
import { run } from './run.mjs';

const REQUIREMENTS = join(root, 'scripts/sqlmap-requirements.txt');

/** Installs sqlmap at its pinned release, once per user, and gives the program, to be run by the Python of the tests. */
export async function ensureSqlmap() {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const target = join(cacheFolder(), `sqlmap-${digest}`);
  if (!existsSync(target)) await install(target);
  return join(target, 'sqlmap/sqlmap.py');
}

/** Beside the place where it belongs, and then moved there, so that two runs at once do not meet. */
async function install(target) {
  const { PYTHON_PATH: python } = await ensurePython();
  process.stderr.write('Installing sqlmap for the tests (once)...\n');
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'making-'));
  const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check', 'install', '--no-deps', '--require-hashes'];
  try {
    const { code, output } = await run(python, [...pip, '--target', folder, '-r', REQUIREMENTS], { output: 'capture' });
    if (code !== 0) throw new Error(`sqlmap could not be installed:\n${output}`);
    if (!existsSync(target)) renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// `node scripts/ensure-sqlmap.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${await ensureSqlmap()}\n`);
