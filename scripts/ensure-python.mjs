import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptInstall, canUseApt } from './apt.mjs';
import { cacheFolder } from './cache-folder.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain, root } from './root.mjs';
import { run } from './run.mjs';

/** Names the Python to take, and tells the tests which one has what they need. */
const VARIABLE = 'PYTHON_PATH';
const REQUIREMENTS = join(root, 'packages/sdk-python/requirements-dev.txt');
const ADVICE = `Python 3.10 or newer with venv was not found (the Python SDK is tested with it). Install it (Debian: apt-get install python3 python3-venv), or set ${VARIABLE} to one that has what ${REQUIREMENTS} names.`;
const CHECK = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';

/**
 * Makes an environment of Python with what the tests of the Python SDK need, once per user and list of needs, and gives the
 * environment that tells the tests where it is. Throws with what to install where there is no Python and no apt.
 */
export async function ensurePython() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '') {
    if (!isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
    return { [VARIABLE]: given };
  }
  const digest = digestOf([REQUIREMENTS, fileURLToPath(import.meta.url)]);
  const target = join(cacheFolder(), `python-${digest}`);
  const python = join(target, 'bin/python');
  if (!existsSync(python)) await makeEnvironment(target);
  return { [VARIABLE]: python };
}

/** Beside the place where it belongs, and then moved there, so that two runs at once do not meet. */
async function makeEnvironment(target) {
  const program = await findPython();
  process.stderr.write('Making the Python environment of the tests (once)...\n');
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'making-'));
  try {
    await must(program, ['-m', 'venv', folder]);
    // The wheels stay: the test of the package installs it into an empty environment, without the network.
    const wheels = join(folder, 'wheels');
    const pip = (...args) => must(join(folder, 'bin/python'), ['-m', 'pip', '--quiet', ...args, '-r', REQUIREMENTS]);
    await pip('download', '--disable-pip-version-check', '--only-binary', ':all:', '--dest', wheels);
    await pip('install', '--disable-pip-version-check', '--no-index', '--find-links', wheels);
    if (!existsSync(target)) renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, 16);
}

async function findPython() {
  const found = await suitable();
  if (found !== undefined) return found;
  if (!canUseApt()) throw new Error(ADVICE);
  await aptInstall(['python3', 'python3-venv']);
  const installed = await suitable();
  if (installed === undefined) throw new Error(ADVICE);
  return installed;
}

async function suitable() {
  for (const path of ['python3', 'python'].flatMap(onPath)) {
    if (isExecutable(path) && (await run(path, ['-c', CHECK], { output: 'capture' })).code === 0) return path;
  }
  return undefined;
}

async function must(program, args) {
  const { code, output } = await run(program, args, { output: 'capture' });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${output}`);
}

// `node scripts/ensure-python.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${(await ensurePython())[VARIABLE]}\n`);
