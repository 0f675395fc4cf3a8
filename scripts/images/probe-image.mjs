import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cliBundle, serviceBundle } from '../build.mjs';
import { scriptOf } from '../bundle.mjs';
import { imageOf } from './build-images.mjs';
import { podman } from './podman.mjs';

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|_KEY/;
/** As an orchestrator would at its strictest; without a network, so that nothing outside is needed. */
const STRICT = ['--read-only', '--cap-drop=all', '--security-opt=no-new-privileges', '--network=none'];
const START_MS = 30_000;

/**
 * Starts the image of a target as strictly as it goes, and gives what is wrong with it, in words: what it is made of and how it is
 * configured, as whom it runs, what it can write, and whether it answers.
 */
export async function probeImage(target) {
  const [image] = JSON.parse(await podman('image', 'inspect', imageOf(target)));
  return [...faultsOfConfiguration(target, image), ...(await faultsWhileRunning(target))];
}

function faultsOfConfiguration(target, { Config: config, Labels: labels, Healthcheck: healthcheck }) {
  const faults = [];
  if (config.User !== '10001:10001') faults.push(`runs as ${config.User || 'root'}`);
  const secrets = config.Env.filter((line) => SECRET_NAME.test(line));
  if (secrets.length > 0) faults.push(`has secrets in its environment: ${secrets.map((line) => line.split('=')[0])}`);
  for (const label of ['title', 'description', 'version', 'revision', 'licenses']) {
    if (!labels?.[`org.opencontainers.image.${label}`]) faults.push(`has no label ${label}`);
  }
  const isAsked = healthcheck?.Test?.[0] === 'CMD';
  if (isAsked !== (target !== 'arqon')) faults.push(isAsked ? 'has a health check' : 'has no health check');
  return faults;
}

async function faultsWhileRunning(target) {
  const isService = target !== 'arqon';
  const keepAlive = ['--entrypoint', '["node", "-e", "setInterval(() => {}, 1000)"]'];
  const options = isService ? environmentOf(target) : keepAlive;
  const id = await podman('run', '--detach', ...STRICT, ...options, imageOf(target));
  try {
    const faults = isService && !(await becomesLive(id)) ? [`does not answer:\n${await podman('logs', id)}`] : [];
    const bundle = scriptOf(isService ? serviceBundle(target) : cliBundle);
    const insideOf = `/app/${basename(bundle)}`;
    const seen = JSON.parse(await podman('exec', id, 'node', '-e', LOOK_AROUND, insideOf));
    if (seen.uid !== 10_001) faults.push(`runs with the user id ${seen.uid}`);
    if (seen.writable.length > 0) faults.push(`can write ${seen.writable}`);
    if (seen.sha256 !== sha256Of(bundle)) faults.push(`holds another ${insideOf} than ${bundle}`);
    return faults;
  } finally {
    await podman('rm', '--force', '--time=0', id);
  }
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

function sha256Of(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

const ASK_LIVE =
  "fetch('http://127.0.0.1:8080/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))";
const LOOK_AROUND = `
const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const writable = ['/app', '/', '/etc', '/usr/local/bin'].filter((folder) => {
  try { writeFileSync(folder + '/probe', ''); return true; } catch { return false; }
});
const sha256 = createHash('sha256').update(readFileSync(process.argv[1])).digest('hex');
console.log(JSON.stringify({ uid: process.getuid(), writable, sha256 }));`;
