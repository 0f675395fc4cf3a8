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
  const folder = join(cacheFolder(), `${name}-${version}`);
  const program = join(folder, name);
  if (isExecutable(program)) return program;
  if (!onPath('go').some(isExecutable)) return undefined;
  process.stderr.write(`Building ${name} ${version} with Go (once, ${about})...\n`);
  await buildInto(folder, { name, advice, target: `${source}@v${version}` });
  return program;
}

/** Builds beside the place where it belongs and moves it there, so that two runs at once do not meet. */
async function buildInto(folder, { name, advice, target }) {
  mkdirSync(cacheFolder(), { recursive: true });
  const building = mkdtempSync(join(cacheFolder(), 'building-'));
  try {
    const env = { GOBIN: building, CGO_ENABLED: '0' };
    // Outside the clone, so that no module around it matters.
    const options = { output: 'capture', env, cwd: tmpdir() };
    const { code, output } = await run('go', ['install', target], options);
    if (code !== 0) throw new Error(`${advice}\n${output}`);
    moveTo(building, folder, name);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function moveTo(building, folder, name) {
  try {
    renameSync(building, folder);
  } catch (error) {
    // Another run was faster: what it built is as good.
    if (!existsSync(join(folder, name))) throw error;
  }
}
