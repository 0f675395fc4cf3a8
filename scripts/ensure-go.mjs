import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.mjs';
import { ensurePython } from './ensure-python.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { isMain } from './root.mjs';
import { run } from './run.mjs';

/** Names the Go to take, and tells the tests which one it is. */
const VARIABLE = 'GO_PATH';
/** What packages/sdk-go/go.mod asks for. */
const [MAJOR, MINOR] = [1, 24];
/** The release that is fetched where there is none, for the one platform whose archive we know, and its SHA-256. */
const VERSION = '1.24.13';
const PLATFORM = 'linux-x64';
const SHA256 = 'd2b048367a3d1a748b87f756fa06df12ce3b419e1d5f2a3612acb8950d615f9f';
const NONE = `No Go ${MAJOR}.${MINOR} or newer here, and none could be fetched: the Go SDK is not tested.\n`;

/**
 * Finds a Go that is new enough, or fetches one as the go command itself does, from the proxy of modules, once per user; gives the
 * environment that tells the tests where it is. Says so in one line and gives an empty one where neither can be.
 */
export async function ensureGo() {
  const given = process.env[VARIABLE] ?? '';
  if (given !== '') {
    if (!isExecutable(given)) throw new Error(`${VARIABLE} names no program: ${given}`);
    return { [VARIABLE]: given };
  }
  const found = await findGo();
  if (found === undefined) process.stderr.write(NONE);
  return found === undefined ? {} : { [VARIABLE]: found };
}

async function findGo() {
  for (const path of onPath('go')) if (isExecutable(path) && (await isNewEnough(path))) return path;
  const folder = join(cacheFolder(), `go-${VERSION}`);
  if (!existsSync(folder) && !(await fetchInto(folder))) return undefined;
  return join(folder, 'bin/go');
}

async function isNewEnough(path) {
  const { code, output } = await run(path, ['env', 'GOVERSION'], { output: 'capture', env: { GOTOOLCHAIN: 'local' } });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(output.trim()) ?? [];
  return code === 0 && (Number(major) > MAJOR || (Number(major) === MAJOR && Number(minor) >= MINOR));
}

/** Unpacks beside the place where it belongs and moves it there, so that two runs at once do not meet. False = there is none. */
async function fetchInto(target) {
  if (`${process.platform}-${process.arch}` !== PLATFORM) return false;
  process.stderr.write(`Fetching Go ${VERSION} (once, 83 MB)...\n`);
  const archive = await download(`v0.0.1-go${VERSION}.linux-amd64.zip`);
  if (archive === undefined || createHash('sha256').update(archive).digest('hex') !== SHA256) return false;
  mkdirSync(cacheFolder(), { recursive: true });
  const folder = mkdtempSync(join(cacheFolder(), 'unpacking-'));
  try {
    writeFileSync(join(folder, 'go.zip'), archive);
    await unpack(folder);
    const [module = ''] = readdirSync(join(folder, 'golang.org'));
    for (const path of programsOf(join(folder, 'golang.org', module))) chmodSync(path, 0o755);
    if (!existsSync(target)) renameSync(join(folder, 'golang.org', module), target);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function download(name) {
  const proxies = (process.env.GOPROXY || 'https://proxy.golang.org').split(/[,|]/);
  for (const proxy of proxies.filter((one) => one.startsWith('http'))) {
    try {
      const response = await fetch(`${proxy.replace(/\/$/, '')}/golang.org/toolchain/@v/${name}`);
      if (response.ok) return Buffer.from(await response.arrayBuffer());
    } catch {
      // The next one, or none.
    }
  }
  return undefined;
}

/** With Python, which the tests have anyway: not every machine has unzip. */
async function unpack(folder) {
  const { PYTHON_PATH: python } = await ensurePython();
  const { code, output } = await run(python, ['-m', 'zipfile', '-e', 'go.zip', '.'], {
    output: 'capture',
    cwd: folder,
  });
  if (code !== 0) throw new Error(`Go could not be unpacked:\n${output}`);
}

/** An archive of modules keeps no rights. */
function programsOf(folder) {
  return [join(folder, 'bin'), ...toolFolders(join(folder, 'pkg/tool'))].flatMap((one) =>
    readdirSync(one).map((name) => join(one, name)),
  );
}

function toolFolders(folder) {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

// `node scripts/ensure-go.mjs` prints where it is.
if (isMain(import.meta.url)) process.stdout.write(`${(await ensureGo())[VARIABLE] ?? ''}\n`);
