import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { run } from './run.mjs';

/**
 * Builds a release of a Go program, once per user, and gives the path of the program; undefined where there is no Go. Throws
 * `advice` and the output of a build that fails. `source` is the package that is installed.
 */
export async function installGoProgram({ name, version, source, advice, about }) {
  // Outside the clone, so that no module around it matters.
  const install = { args: [`${source}@v${version}`], cwd: tmpdir() };
  const folder = await installGoPrograms({ release: `${name}-${version}`, names: [name], advice, about, ...install });
  return folder === undefined ? undefined : join(folder, name);
}

/**
 * The folder of programs that `go install` with these arguments in this folder builds, once per user and `release`; undefined
 * where there is no Go. Throws `advice` and the output of a build that fails.
 */
export async function installGoPrograms({ release, names, args, cwd, advice, about }) {
  const folder = join(cacheFolder(), release);
  if (names.every((name) => isExecutable(join(folder, name)))) return folder;
  if (!onPath('go').some(isExecutable)) return undefined;
  process.stderr.write(`Building ${release.replace(/-(?=\d)/, ' ')} with Go (once, ${about})...\n`);
  await buildInto(folder, { names, advice, args, cwd });
  return folder;
}

/** Builds beside the place where it belongs and moves it there, so that two runs at once do not meet. */
async function buildInto(folder, { names, advice, args, cwd }) {
  mkdirSync(cacheFolder(), { recursive: true });
  const building = mkdtempSync(join(cacheFolder(), 'building-'));
  try {
    const env = { GOBIN: building, CGO_ENABLED: '0' };
    const { code, output } = await run('go', ['install', ...args], { output: 'capture', env, cwd });
    if (code !== 0) throw new Error(`${advice}\n${output}`);
    moveTo(building, folder, names);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function moveTo(building, folder, names) {
  try {
    renameSync(building, folder);
  } catch (error) {
    // Another run was faster: what it built is as good.
    if (!names.every((name) => existsSync(join(folder, name)))) throw error;
  }
}
