import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain } from './root.mjs';
import { run } from './run.mjs';

/** The release that the tests run on beside the packaged one: the newest that Go 1.26 builds. Pinned here alone. */
const VERSION = '2.15.2';
const MODULE = 'github.com/nats-io/nats-server/v2';
/** Names a server to take instead, and tells the tests which one it is. */
const VARIABLE = 'NATS_SERVER_NEWEST_PATH';

/**
 * Builds the newest NATS server where Go is installed, once per user, and gives the environment that tells the tests
 * where it is; says so in one line and gives an empty one where there is no Go. Throws with the output of a failed build.
 */
export async function ensureNewestNats() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '') {
    if (!isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
    return { [VARIABLE]: given };
  }
  const folder = join(cacheFolder(), `nats-server-${VERSION}`);
  const program = join(folder, 'nats-server');
  if (!isExecutable(program)) {
    if (!onPath('go').some(isExecutable)) {
      process.stderr.write(`No Go here: the tests run on the packaged NATS alone, not also on ${VERSION}.\n`);
      return {};
    }
    await buildInto(folder);
  }
  return { [VARIABLE]: program };
}

/** Builds beside the place where it belongs and moves it there, so that two runs at once do not meet. */
async function buildInto(folder) {
  process.stderr.write(`Building nats-server ${VERSION} with Go (once, a minute or two)...\n`);
  mkdirSync(cacheFolder(), { recursive: true });
  const building = mkdtempSync(join(cacheFolder(), 'building-'));
  try {
    const env = { GOBIN: building, CGO_ENABLED: '0' };
    // Outside the clone, so that no module around it matters.
    const options = { output: 'capture', env, cwd: tmpdir() };
    const { code, output } = await run('go', ['install', `${MODULE}@v${VERSION}`], options);
    if (code !== 0) throw new Error(`${advice()}\n${output}`);
    moveTo(building, folder);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function advice() {
  return `nats-server ${VERSION} could not be built; mend Go, or set ${VARIABLE} to a nats-server:`;
}

function moveTo(building, folder) {
  try {
    renameSync(building, folder);
  } catch (error) {
    // Another run was faster: what it built is as good.
    if (!existsSync(join(folder, 'nats-server'))) throw error;
  }
}

// `node scripts/ensure-newest-nats.mjs` prints the variable, to run single tests by hand: `env $(node ...) npx vitest ...`.
if (isMain(import.meta.url)) {
  for (const [name, value] of Object.entries(await ensureNewestNats())) process.stdout.write(`${name}=${value}\n`);
}
