import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { filesOf, objectsIn } from '../gates/chart/chart-cases.mjs';
import { imageOf } from './build-images.mjs';
import { podArguments } from './pod-arguments.mjs';
import { podman } from './podman.mjs';

/** The case of deploy/helm/cases that is started; the gate proves that it is what Helm renders. */
const CASE = 'replayed';
const LASTING = ['brain', 'shield', 'bridge'];
/** Where docker-compose.yml keeps what the Secrets of a cluster would. */
const SECRETS = {
  'auth.jwt_secret': 'shield-keys/jwt-secret',
  'log.id_key': 'shield-keys/log-id-key',
  'nats.password.shield': 'shield-keys/nats-password',
  'nats.password.brain': 'brain-keys/nats-password',
  'nats.password.bridge': 'bridge-keys/nats-password',
  'valkey.password': 'brain-keys/valkey-password',
  'webhooks.secret_key': 'brain-keys/webhooks-secret',
  'postgres.url': 'brain-keys/postgres-url',
  'postgres.owner_url': 'migrate-keys/postgres-url',
  'ca.crt': 'brain-keys/ca.crt',
};

/**
 * Starts the pods that the chart renders, one of each, under Podman and as a kubelet would, beside the servers of a Compose stack whose own
 * services are stopped: the migration to its end, the services until they are ready by their probes, the pod of `helm test`, and then SIGTERM. Gives
 * what is wrong, in words. `token` is for the test.
 */
export async function podFaults(stack, token) {
  const objects = objectsIn(readFileSync(filesOf(CASE).rendered, 'utf8'));
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-pods-'));
  const secretAt = await readSecrets(stack, token);
  await stack.compose('stop', '--timeout', '1', 'balancer', 'demo', 'shield', 'brain', 'bridge');
  const started = [];
  const start = async (service) => {
    const pod = podOf(objects, service);
    const { image } = pod.spec.containers[0];
    await podman('tag', imageOf(/arqonbus\/(\w+):/.exec(image)[1]), image);
    const args = podArguments(pod.spec, objects, { secretAt, folder: join(folder, service) });
    const networks = ['spine', 'data', 'edge'].map((name) => stack.networkOf(name)).join();
    const names = servicesOf(objects, pod.labels).flatMap((name) => ['--network-alias', name]);
    const id = await podman('run', '--detach', `--network=${networks}`, ...names, ...args);
    started.push(id);
    return { id, pod };
  };
  try {
    const faults = await endFaults(await start('migrate'), 'migrate');
    const pods = [];
    for (const service of LASTING) pods.push({ service, ...(await start(service)) });
    for (const pod of pods) faults.push(...(await probeFaults(pod)));
    faults.push(...(await endFaults(await start('test'), 'test')));
    for (const pod of pods) faults.push(...(await goingFaults(pod)));
    process.stdout.write(
      `rendered pods: ${['migrate', ...LASTING, 'test'].join(', ')} started, ${faults.length} faults\n`,
    );
    return faults;
  } finally {
    await podman('rm', '--force', '--time=0', ...started);
    rmSync(folder, { recursive: true, force: true });
  }
}

function podOf(objects, service) {
  const owner = objects.find(
    ({ kind, metadata }) =>
      ['Deployment', 'Job', 'Pod'].includes(kind) && metadata.labels['app.kubernetes.io/component'] === service,
  );
  if (owner === undefined) throw new Error(`the chart renders no pod of ${service}`);
  const { metadata, spec } = owner.kind === 'Pod' ? owner : owner.spec.template;
  return { labels: metadata.labels, spec };
}

/** The Services that lead to a pod with these labels. */
function servicesOf(objects, labels) {
  return objects
    .filter(
      ({ kind, spec }) =>
        kind === 'Service' && Object.entries(spec.selector).every(([name, value]) => labels[name] === value),
    )
    .map(({ metadata }) => metadata.name);
}

async function readSecrets(stack, token) {
  const texts = new Map();
  for (const [key, place] of Object.entries(SECRETS)) {
    const [volume, file] = place.split('/');
    const folder = await podman('volume', 'inspect', '--format', '{{.Mountpoint}}', stack.volumeOf(volume));
    // Where the pod has the authority, which Compose mounts elsewhere.
    const text = readFileSync(join(folder, file), 'utf8');
    texts.set(key, text.replace('/keys/ca.crt', '/etc/arqonbus/authorities/postgres.crt'));
  }
  texts.set('token', token);
  return (_name, key) => {
    if (!texts.has(key)) throw new Error(`there is no secret ${key}`);
    return texts.get(key);
  };
}

/** A pod that does one thing. */
async function endFaults({ id }, service) {
  const code = await podman('wait', id);
  return code === '0' ? [] : [`the pod ${service} ended with ${code}:\n${await podman('logs', id)}`];
}

/** As a kubelet: at first whether it has started, and then whether it lives and is ready. */
async function probeFaults({ service, id, pod }) {
  const [container] = pod.spec.containers;
  const networks = JSON.parse(await podman('inspect', '--format', '{{json .NetworkSettings.Networks}}', id));
  const [{ IPAddress: address }] = Object.values(networks);
  for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    const { httpGet, periodSeconds, failureThreshold } = container[kind];
    const { containerPort } = container.ports.find(({ name }) => name === httpGet.port);
    const url = `http://${address}:${containerPort}${httpGet.path}`;
    // Readiness has no end in Kubernetes; here it has that of the start.
    const tries = kind === 'readinessProbe' ? 60 : failureThreshold * periodSeconds;
    if (!(await answersWell(url, tries))) {
      return [`the pod ${service} fails its ${kind}:\n${(await podman('logs', id)).slice(-2_000)}`];
    }
  }
  return [];
}

async function answersWell(url, seconds) {
  for (const deadline = Date.now() + seconds * 1_000; Date.now() < deadline; await wait(250)) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    if (answer?.ok) return true;
  }
  return false;
}

/** SIGTERM, and the time that the pod has. */
async function goingFaults({ service, id, pod }) {
  await podman('stop', `--time=${pod.spec.terminationGracePeriodSeconds}`, id);
  const code = await podman('inspect', '--format', '{{.State.ExitCode}}', id);
  return code === '0' ? [] : [`the pod ${service} went with ${code}:\n${(await podman('logs', id)).slice(-2_000)}`];
}
