import { faultsThatStay, itemsAt, until } from '../chart/prepare-cluster.mjs';
import { standingFaults } from '../chart/standing-faults.mjs';
import { namespace, release } from './release.mjs';
import { stopProcessOf } from './stop-process.mjs';

/** Six failed probes, ten seconds apart, and then the grace of a pod that does not hear SIGTERM any more. */
const RESTARTED_MS = 240_000;
const SETS = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
const PODS = `/api/v1/namespaces/${namespace}/pods`;

/**
 * What the kubelet does not do for the release, in words: while NATS is away Shields must be taken from their Service and left alive; when it is back, they
 * must be there again. A Bridge that has stuck must be started anew, and nothing else.
 */
export async function keptAliveFaults(cluster) {
  const before = await restartsOf(cluster);
  const stuck = [...before.keys()].find((name) => name.startsWith(`${release}-bridge-`));
  await stopProcessOf(cluster, `${PODS}/${stuck}`);
  const faults = await withoutNats(cluster);
  faults.push(
    ...(await faultsThatStay(async () => {
      const restarts = (await restartsOf(cluster)).get(stuck) ?? 0;
      return restarts > before.get(stuck) ? [] : [`${stuck} has stuck and is not started anew`];
    }, RESTARTED_MS)),
    ...(await standingFaults(cluster, namespace, RESTARTED_MS)),
  );
  const after = await restartsOf(cluster);
  const others = [...after].filter(([name, count]) => name !== stuck && count > (before.get(name) ?? 0));
  return [...faults, ...others.map(([name]) => `${name} was started anew as well`)];
}

async function withoutNats(cluster) {
  const { body } = await cluster.ask('GET', `${SETS}/${release}-nats`);
  const scale = (replicas) => cluster.ask('PATCH', `${SETS}/${release}-nats`, { spec: { replicas } });
  await scale(0);
  const faults = await faultsThatStay(async () => {
    const ready = await readyShields(cluster);
    return ready === 0 ? [] : [`without NATS ${ready} Shields are still behind their Service`];
  }, RESTARTED_MS);
  // Only who lets the last server go in peace is sure that it kept what it had.
  await until(
    async () =>
      (await pods(cluster)).every(({ metadata }) => !metadata.name.startsWith(`${release}-nats-`)) || undefined,
    'the end of NATS',
    RESTARTED_MS,
  );
  await scale(body.spec.replicas);
  return faults;
}

async function readyShields({ ask }) {
  const slices = await itemsAt(ask, `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`);
  const own = slices.filter(({ metadata }) => metadata.labels['kubernetes.io/service-name'] === `${release}-shield`);
  return own.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions.ready).length;
}

async function restartsOf(cluster) {
  const counted = (await pods(cluster)).filter(({ status }) => status.phase === 'Running');
  return new Map(counted.map(({ metadata, status }) => [metadata.name, status.containerStatuses[0].restartCount]));
}

function pods({ ask }) {
  return itemsAt(ask, PODS);
}
