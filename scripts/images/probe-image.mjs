import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cliBundle, serviceBundle } from '../build.mjs';
import { root } from '../root.mjs';
import { billFaults } from './bill-faults.mjs';
import { BILL } from './bill-of-materials.mjs';
import { imageOf, lastCommit } from './build-images.mjs';
import { podman } from './podman.mjs';

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|_KEY/;
/** As an orchestrator would at its strictest; without a network, so that nothing outside is needed. */
const STRICT = ['--cap-drop=all', '--security-opt=no-new-privileges', '--network=none'];
const START_MS = 30_000;
const SHOWN = 10;
/** Base and Node take 145 MB of it: who adds as much as a bundle again should see it. */
const MAX_BYTES = 200e6;

/**
 * Starts the image of a target as strictly as it goes, and gives what is wrong with it, in words: what it is made of and how it is
 * configured, as whom it runs, what it can write, what it says it is made of, and whether it answers.
 */
export async function probeImage(target) {
  const [image] = JSON.parse(await podman('image', 'inspect', imageOf(target)));
  const { revision } = await lastCommit();
  return [
    ...faultsOfConfiguration(target, image, revision),
    ...(await faultsInside(target)),
    // The command line is no service: it has nothing that answers.
    ...(target === 'arqon' ? [] : await faultsWhileRunning(target)),
  ];
}

function faultsOfConfiguration(target, image, revision) {
  const { Config: config, Labels: labels, Healthcheck: healthcheck, Size: bytes } = image;
  const faults = [];
  if (bytes > MAX_BYTES) faults.push(`takes ${Math.round(bytes / 1e6)} MB, more than ${MAX_BYTES / 1e6}`);
  if (config.User !== '10001:10001') faults.push(`runs as ${config.User || 'root'}`);
  const secrets = config.Env.filter((line) => SECRET_NAME.test(line));
  if (secrets.length > 0) faults.push(`has secrets in its environment: ${secrets.map((line) => line.split('=')[0])}`);
  const labelled = (name) => labels?.[`org.opencontainers.image.${name}`];
  for (const name of ['title', 'description', 'version', 'licenses']) {
    if (!labelled(name)) faults.push(`has no label ${name}`);
  }
  if (labelled('revision') !== revision)
    faults.push(`says that it is of ${labelled('revision')}, and not of ${revision}`);
  const isAsked = healthcheck?.Test?.[0] === 'CMD';
  if (isAsked !== (target !== 'arqon')) faults.push(isAsked ? 'has a health check' : 'has no health check');
  return faults;
}

async function faultsWhileRunning(target) {
  const id = await podman('run', '--detach', '--read-only', ...STRICT, ...environmentOf(target), imageOf(target));
  try {
    return (await becomesLive(id)) ? [] : [`does not answer:\n${await podman('logs', id)}`];
  } finally {
    await podman('rm', '--force', '--time=0', id);
  }
}

/** What its user sees where the file system is not kept from being written. */
async function faultsInside(target) {
  const look = ['--entrypoint', JSON.stringify(['node', '-e', LOOK_AROUND])];
  const seen = JSON.parse(await podman('run', '--rm', ...STRICT, ...look, imageOf(target)));
  const faults = [];
  if (seen.uid !== 10_001) faults.push(`runs with the user id ${seen.uid}`);
  if (seen.writable.length > 0) faults.push(`can write ${someOf(seen.writable)}`);
  return [...faults, ...faultsOfBill(target, seen)];
}

/** A user that may write everything has thousands. */
function someOf(paths) {
  const others = paths.length - SHOWN;
  return `${paths.slice(0, SHOWN).join(', ')}${others > 0 ? ` and ${others} others` : ''}`;
}

/** Its bill is kept beside what else the gate leaves behind. */
function faultsOfBill(target, { node, bill: text }) {
  if (text === null) return ['has no bill of materials'];
  const folder = join(root, '.cache/bills');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${target}.cdx.json`), text);
  const dist = dirname(target === 'arqon' ? cliBundle : serviceBundle(target));
  const bundled = JSON.parse(readFileSync(join(dist, BILL), 'utf8')).components;
  const bill = JSON.parse(text);
  const faults = billFaults(bill, [`node@${node}`, ...bundled.map(({ name, version }) => `${name}@${version}`)]);
  if (!bill.components.some(({ purl }) => purl.startsWith('pkg:deb/'))) faults.push('names no package of the base');
  return faults.map((fault) => `has a bill of materials that is wrong: ${fault}`);
}

/** What a service needs to start at all; what it would connect to is not there, and never asked for a name. */
function environmentOf(target) {
  const settings = {
    ARQONBUS_AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    ARQONBUS_LOG_ID_KEY: randomBytes(32).toString('hex'),
    ARQONBUS_NATS_URL: 'tls://192.0.2.1:4222',
    ARQONBUS_NATS_USER: target,
    ARQONBUS_NATS_PASSWORD: randomBytes(32).toString('hex'),
    ARQONBUS_SERVER_TRUSTED_PROXIES: '192.0.2.2',
    ARQONBUS_STORAGE_BACKEND: 'postgres',
    ARQONBUS_POSTGRES_URL: `postgres://arqon_brain:${randomBytes(32).toString('hex')}@192.0.2.3/arqonbus?sslmode=verify-full`,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
}

async function becomesLive(id) {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const isLive = await podman('exec', id, 'node', '-e', ASK_LIVE).then(
      () => true,
      () => false,
    );
    if (isLive) return true;
    await wait(200);
  }
  return false;
}

const ASK_LIVE =
  "fetch('http://127.0.0.1:8080/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";
/** Every folder and file that there is, but what the kernel shows and the places that Debian lets everybody write. */
const LOOK_AROUND = `
const { accessSync, constants, existsSync, lstatSync, readFileSync, readdirSync } = require('node:fs');
const skipped = new Set(['/proc', '/sys', '/dev', '/run', '/tmp', '/var/lock', '/var/tmp', '/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);
const writable = [];
const look = (path) => {
  if (skipped.has(path) || lstatSync(path).isSymbolicLink()) return;
  try { accessSync(path, constants.W_OK); writable.push(path); } catch {}
  if (!lstatSync(path).isDirectory()) return;
  let names = [];
  try { names = readdirSync(path); } catch {}
  for (const name of names) look(path === '/' ? '/' + name : path + '/' + name);
};
look('/');
const bill = existsSync('/app/${BILL}') ? readFileSync('/app/${BILL}', 'utf8') : null;
console.log(JSON.stringify({ uid: process.getuid(), writable, node: process.versions.node, bill }));`;
