import { itemsAt, until } from '../chart/prepare-cluster.mjs';
import { pauseImage } from './container-runtime.mjs';
import { createObjects } from './create-objects.mjs';
import { reachedFrom } from './knock-at-ports.mjs';
import { dnsAddress } from './node-agents.mjs';
import { listenOutside, outside, outsideAddress } from './node-network.mjs';
import { podNetworks } from './pod-networks.mjs';
import { namespace } from './release.mjs';

/** Whom no policy of their own keeps from anything. */
const ANYONE = ['stranger', 'outside'];
const OURS = ['shield', 'brain', 'bridge'];
/** The ports where each service listens, each with who may come beside the node. */
const MAY_COME = {
  // kube-router keeps both directions of a policy in one chain: whoever may be come to at a port may come to his like there.
  shield: { 9100: [...ANYONE, 'shield'], 8080: [] },
  brain: { 8080: [] },
  bridge: { 9102: [...ANYONE, 'bridge'], 9103: [...ANYONE, 'bridge'], 8080: [] },
  nats: { 4222: OURS, 6222: ['nats'] },
  valkey: { 6379: ['brain'] },
  postgres: { 5432: ['brain'] },
};
/** Beyond the release: the world, where Brains deliver webhooks, and the name service, whom all ask who look for others. */
const BEYOND = {
  [`${outsideAddress}:443`]: ['stranger', 'brain'],
  [`${outsideAddress}:80`]: ['stranger'],
  [`${dnsAddress}:53`]: ['stranger', 'nats', ...OURS, 'outside'],
};

const SETTLED_MS = 180_000;
/** Each is a process that waits for doors that do not open. */
const AT_ONCE = 6;

/**
 * Who reaches whom though the policies of the network forbid it, or does not though they allow it, in words: every service, somebody without a policy in the
 * namespace, and somebody outside, at every port that is listened to. The node itself is the proof that somebody listens.
 */
export async function policyFaults({ ask }) {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await createObjects(ask, [[pods, 'stranger', stranger]]);
  const stopListening = await listenOutside([80, 443]);
  try {
    const all = await until(async () => settledPods(await itemsAt(ask, pods)), 'pods that come and go', SETTLED_MS);
    const networks = await podNetworks();
    const running = all.filter(({ status }) => networks.has(status.podIP));
    const nameOf = ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] ?? metadata.name;
    const sources = [
      ...running.map((pod) => ({
        name: nameOf(pod),
        address: pod.status.podIP,
        network: networks.get(pod.status.podIP),
      })),
      { name: 'outside', address: outsideAddress, network: outside },
      { name: 'node' },
    ];
    const doors = [...running.flatMap((pod) => doorsOf(nameOf(pod), pod.status.podIP)), ...doorsBeyond()];
    const faults = [];
    for (let from = 0; from < sources.length; from += AT_ONCE) {
      const asked = sources.slice(from, from + AT_ONCE).map((source) => faultsFrom(source, doors));
      faults.push(...(await Promise.all(asked)).flat());
    }
    process.stdout.write(`policies: ${sources.length} pods and others at ${doors.length} ports\n`);
    return faults;
  } finally {
    stopListening();
    await ask('DELETE', `${pods}/stranger`);
  }
}

/** All pods, once the stranger is there and nobody is on his way out, which takes his grace. */
function settledPods(pods) {
  const isThere = pods.some(({ metadata, status }) => metadata.name === 'stranger' && status.phase === 'Running');
  const isLeaving = pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  return isThere && !isLeaving ? pods : undefined;
}

function doorsOf(service, address) {
  return Object.entries(MAY_COME[service] ?? {}).map(([port, who]) => ({
    service,
    address,
    at: `${address}:${port}`,
    who,
  }));
}

function doorsBeyond() {
  return Object.entries(BEYOND).map(([at, who]) => ({ service: at, address: at.split(':')[0], at, who }));
}

async function faultsFrom({ name, address, network }, doors) {
  // Nobody is kept from himself.
  const others = doors.filter((door) => address === undefined || door.address !== address);
  const reached = await reachedFrom(
    network,
    others.map(({ at }) => at),
  );
  return others.flatMap(({ service, at, who }) => {
    const isMeant = name === 'node' || who.includes(name);
    if (isMeant === reached.has(at)) return [];
    return [`${name} ${isMeant ? 'does not reach' : 'reaches'} ${service} at ${at}`];
  });
}

/** Somebody in the namespace whom no policy is about. */
const stranger = {
  metadata: { labels: { of: 'nobody' } },
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 10_002, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'waits',
        image: pauseImage,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
    terminationGracePeriodSeconds: 1,
  },
};
