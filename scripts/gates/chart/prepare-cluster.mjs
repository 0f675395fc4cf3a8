import { setTimeout as wait } from 'node:timers/promises';
import { customDefinitions } from './kubernetes-schemas.mjs';
import { discoverKinds, pathOf } from './kube-client.mjs';

const BOUND_MS = 60_000;
const EVERY_MS = 100;
const GROUP = 'rbac.authorization.k8s.io';
const OPERATOR = { kind: 'User', name: 'operator', apiGroup: GROUP };
/** What the role `admin` of Kubernetes does not cover: kinds of the Gateway API and the Prometheus operator. */
const CUSTOM_RULES = [
  { apiGroups: ['gateway.networking.k8s.io', 'monitoring.coreos.com'], resources: ['*'], verbs: ['*'] },
];

/**
 * Brings into a new cluster what the chart takes for granted: definitions of the kinds that others bring, and the priority that a
 * case names. Gives a client that knows all kinds.
 */
export async function prepareCluster(ask) {
  const definitions = await customDefinitions();
  for (const definition of definitions) {
    await create(ask, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  }
  const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 };
  await create(ask, '/apis/scheduling.k8s.io/v1/priorityclasses', high);
  const kinds = await until(async () => {
    const known = await discoverKinds(ask);
    const isThere = ({ spec }) => [...known.values()].some(({ path, name }) => isOf(spec, path, name));
    return definitions.every(isThere) ? known : undefined;
  }, 'the kinds of the Gateway API and the Prometheus operator');
  // A new kind is known a little before its objects can be asked for.
  await until(async () => {
    const answers = await Promise.all(
      definitions.map(({ spec }) => ask('GET', `/apis/${spec.group}/${versionOf(spec)}/${spec.names.plural}`)),
    );
    return answers.every(({ status }) => status === 200) || undefined;
  }, 'the objects of the Gateway API and the Prometheus operator');
  // The role of who administers a namespace is put together by a controller.
  const admin = `/apis/${GROUP}/v1/clusterroles/admin`;
  await until(async () => ((await ask('GET', admin)).body.rules ?? []).length > 0 || undefined, 'the role `admin`');
  return { ask, kinds };
}

function versionOf({ versions }) {
  return versions.find(({ served }) => served).name;
}

function isOf(spec, path, name) {
  return path.startsWith(`/apis/${spec.group}/`) && name === spec.names.plural;
}

/** A namespace that enforces the level `restricted`, where the operator may do what its administrator may, and nowhere else. */
export async function createNamespace({ ask }, name) {
  const levels = ['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']);
  await create(ask, '/api/v1/namespaces', { metadata: { name, labels: Object.fromEntries(levels) } });
  const roles = `/apis/${GROUP}/v1/namespaces/${name}`;
  await create(ask, `${roles}/roles`, { metadata: { name: 'custom' }, rules: CUSTOM_RULES });
  for (const [kind, role] of [
    ['ClusterRole', 'admin'],
    ['Role', 'custom'],
  ]) {
    const roleRef = { apiGroup: GROUP, kind, name: role };
    await create(ask, `${roles}/rolebindings`, { metadata: { name: role }, roleRef, subjects: [OPERATOR] });
  }
  // Pods without an account of their own have this one, which a controller makes.
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  await until(async () => (await ask('GET', account)).status === 200 || undefined, `the account of ${name}`);
}

/**
 * What is in a namespace, as `Kind name`, but for events, which are no objects of anybody. Throws where a list is refused: nobody
 * knows then what is there.
 */
export async function objectsOf({ ask, kinds }, namespace) {
  const lists = [...kinds.values()].filter(
    ({ kind, namespaced, verbs }) => namespaced && verbs.includes('list') && kind !== 'Event',
  );
  const found = await Promise.all(
    lists.map(async (kind) => {
      const items = await itemsAt(ask, pathOf(kind, namespace));
      return items.map(({ metadata }) => `${kind.kind} ${metadata.name}`);
    }),
  );
  return found.flat();
}

/** The objects of a list. Throws what the API server says where it refuses it. */
export async function itemsAt(ask, path) {
  const { status, body } = await ask('GET', path);
  if (status !== 200) throw new Error(`${path}: ${status} ${body.message}`);
  return body.items;
}

/** What `look` finds, once it finds something. Throws what was waited for after a minute, or `boundMs`. */
export async function until(look, what, boundMs = BOUND_MS) {
  for (const deadline = Date.now() + boundMs; ; await wait(EVERY_MS)) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
  }
}

/** What is still wrong after a minute, or `boundMs`, in words; nothing as soon as nothing is. Throws what `look` throws. */
export async function faultsThatStay(look, boundMs = BOUND_MS) {
  for (const deadline = Date.now() + boundMs; ; await wait(EVERY_MS)) {
    const faults = await look();
    if (faults.length === 0 || Date.now() > deadline) return faults;
  }
}

async function create(ask, path, object) {
  const { status, body } = await ask('POST', path, object);
  if (status !== 201) throw new Error(`${path}: ${body.message}`);
}
