import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain } from './root.mjs';
import { run } from './run.mjs';

/** The release that is built where there is none. Pinned here alone. */
const VERSION = 'v2.40.3';
const MODULE = 'github.com/docker/compose/v2';
/** Names the program to take. */
const VARIABLE = 'DOCKER_COMPOSE_PATH';
const PLUGINS = [
  join(homedir(), '.docker/cli-plugins'),
  '/usr/local/lib/docker/cli-plugins',
  '/usr/libexec/docker/cli-plugins',
  '/usr/lib/docker/cli-plugins',
];

/**
 * The path of Docker Compose: one that is installed, or built from its Go module, once per user. It speaks to Podman as it does to Docker,
 * so docker-compose.yml is read by the program that people read it with. Throws with what to install.
 */
export async function ensureCompose() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '' && !isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
  const cached = join(cacheFolder(), `docker-compose-${VERSION}`);
  const places = [
    given,
    ...onPath('docker-compose'),
    ...PLUGINS.map((folder) => join(folder, 'docker-compose')),
    cached,
  ];
  const found = places.find((path) => path !== '' && isExecutable(path));
  if (found === undefined) await buildInto(cached);
  return found ?? cached;
}

/** Its module excludes versions of others, so it can be built in its own folder alone. */
async function buildInto(target) {
  if (!onPath('go').some(isExecutable)) {
    throw new Error(`Docker Compose was not found. Install it, or Go to build it, or set ${VARIABLE} to the program.`);
  }
  process.stderr.write(`Building Docker Compose ${VERSION} with Go (once, some minutes)...\n`);
  const folder = mkdtempSync(join(tmpdir(), 'arqon-compose-'));
  try {
    const description = JSON.parse(await go(['mod', 'download', '-json', `${MODULE}@${VERSION}`], tmpdir()));
    const sources = join(folder, 'sources');
    cpSync(description.Dir, sources, { recursive: true });
    await run('chmod', ['--recursive', 'u+w', sources], { output: 'capture' });
    const flags = `-s -w -X ${MODULE}/internal.Version=${VERSION}`;
    await go(['build', '-trimpath', '-buildvcs=false', '-ldflags', flags, '-o', '../docker-compose', './cmd'], sources);
    mkdirSync(cacheFolder(), { recursive: true });
    const built = `${target}.${process.pid}`;
    cpSync(join(folder, 'docker-compose'), built);
    chmodSync(built, 0o755);
    // At once, so that two runs do not meet.
    renameSync(built, target);
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}

async function go(args, cwd) {
  const { code, output } = await run('go', args, { output: 'capture', cwd, env: { CGO_ENABLED: '0' } });
  if (code !== 0) throw new Error(`Docker Compose could not be built:\n${output}`);
  return output;
}

// `node scripts/ensure-compose.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${await ensureCompose()}\n`);
