import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain } from './root.mjs';
import { run } from './run.mjs';

/** Names the program to take, and tells the tests which one it is. */
const VARIABLE = 'PROMTOOL_PATH';
const ADVICE = `promtool was not found (the alert rules are tried with it). Install Prometheus (Debian: apt-get install prometheus), or set ${VARIABLE} to the program.`;

/**
 * Finds Prometheus' rule checker, and gives the environment that tells the tests where it is. Where apt is and the program is not, only the
 * program is taken out of the package, once per user: the package itself would start a server. Throws with what to
 * install where there is neither.
 */
export async function ensurePromtool() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '' && !isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
  const cached = join(cacheFolder(), 'promtool');
  const found = [given, ...onPath('promtool'), cached].find((path) => path !== '' && isExecutable(path));
  if (found === undefined) await extractInto(cached);
  return { [VARIABLE]: found ?? cached };
}

/** Unpacks beside the place where it belongs and moves it there, so that two runs at once do not meet. */
async function extractInto(target) {
  if (!onPath('apt-get').some(isExecutable)) throw new Error(ADVICE);
  process.stderr.write('Taking promtool from the package prometheus (once)...\n');
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'unpacking-'));
  try {
    if (!(await downloadInto(folder))) throw new Error(ADVICE);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    const { code, output } = await run('dpkg-deb', ['-x', archive, 'unpacked'], { output: 'capture', cwd: folder });
    if (code !== 0) throw new Error(`${ADVICE}\n${output}`);
    renameSync(join(folder, 'unpacked/usr/bin/promtool'), target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lists of packages may be missing, or too old; only root may renew them. */
async function downloadInto(folder) {
  const aptGet = async (...args) => (await run('apt-get', args, { output: 'capture', cwd: folder })).code === 0;
  if (await aptGet('download', 'prometheus')) return true;
  return process.getuid?.() === 0 && (await aptGet('update')) && (await aptGet('download', 'prometheus'));
}

// `node scripts/ensure-promtool.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${(await ensurePromtool())[VARIABLE]}\n`);
