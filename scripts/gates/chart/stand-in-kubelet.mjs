import { setTimeout as wait } from 'node:timers/promises';

const NODE = 'here';
const EVERY_MS = 100;
/** Long enough ago for any `minReadySeconds`. */
const SINCE = '2020-01-01T00:00:00Z';

/**
 * Takes every pod to a node, and says of it what a kubelet would once its containers run: that it is ready or, where it does one
 * thing, that it is done; and that it is gone when it has to go. Gives balancers an address. Nothing is started. Gives what
 * ends it, which rejects where the server did not take what was said.
 */
export async function startStandInKubelet(ask) {
  await must(ask('POST', '/api/v1/nodes', { metadata: { name: NODE } }));
  let isGoing = true;
  let count = 0;
  const tendAll = async () => {
    const { body: pods } = await ask('GET', '/api/v1/pods');
    for (const pod of pods.items) await tend(ask, pod, () => (count += 1));
    const { body: services } = await ask('GET', '/api/v1/services');
    for (const service of services.items) await giveAddress(ask, service);
  };
  const going = (async () => {
    for (; isGoing; await wait(EVERY_MS)) await tendAll();
  })();
  // It is told by who ends this; until then nothing more becomes ready.
  going.catch(() => {});
  return async () => {
    isGoing = false;
    await going;
  };
}

async function tend(ask, { metadata, spec, status }, next) {
  const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
  if (metadata.deletionTimestamp !== undefined) {
    await must(ask('DELETE', `${path}?gracePeriodSeconds=0`));
  } else if (spec.nodeName === undefined) {
    const binding = { metadata: { name: metadata.name }, target: { apiVersion: 'v1', kind: 'Node', name: NODE } };
    await must(ask('POST', `${path}/binding`, binding));
  } else if (status.phase === 'Pending') {
    const said = spec.restartPolicy === 'Never' ? done(spec) : running(spec, next());
    await must(ask('PATCH', `${path}/status`, { status: said }));
  }
}

async function giveAddress(ask, { metadata, spec, status }) {
  if (spec.type !== 'LoadBalancer' || status.loadBalancer.ingress !== undefined) return;
  const path = `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}/status`;
  await must(ask('PATCH', path, { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } }));
}

/** What is gone meanwhile, or was changed, needs nothing, or is seen again. */
async function must(asked) {
  const { status, body } = await asked;
  if (status >= 400 && status !== 404 && status !== 409) throw new Error(`The stand-in for a kubelet: ${body.message}`);
}

function running(spec, number) {
  const ip = `10.1.${number >> 8}.${number & 255}`;
  const state = { running: { startedAt: SINCE } };
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    conditions: ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].map((type) => condition(type)),
    containerStatuses: containers(spec, { state, ready: true }),
  };
}

function done(spec) {
  const state = { terminated: { exitCode: 0, reason: 'Completed', startedAt: SINCE, finishedAt: SINCE } };
  return { phase: 'Succeeded', containerStatuses: containers(spec, { state, ready: false }) };
}

function condition(type) {
  return { type, status: 'True', lastTransitionTime: SINCE };
}

function containers(spec, what) {
  return spec.containers.map(({ name, image }) => ({ name, image, imageID: image, restartCount: 0, ...what }));
}
