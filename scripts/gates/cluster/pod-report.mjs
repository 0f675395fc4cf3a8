import { itemsAt } from '../chart/prepare-cluster.mjs';

/** How every pod of a namespace is, with the end of the log of those that are not well: for who reads a fault. */
export async function podReport({ ask }, namespace) {
  const pods = await itemsAt(ask, `/api/v1/namespaces/${namespace}/pods`);
  const parts = await Promise.all(pods.map((pod) => reportOf(ask, namespace, pod)));
  const events = await itemsAt(ask, `/api/v1/namespaces/${namespace}/events`);
  const warnings = events.filter(({ type }) => type === 'Warning');
  return [...parts, ...warnings.map(({ involvedObject: { name }, message }) => `${name}: ${message}`)].join('\n');
}

async function reportOf(ask, namespace, { metadata: { name }, status }) {
  const containers = status.containerStatuses ?? [];
  const states = containers.map(
    ({ ready, restartCount, state }) => `${ready} ${restartCount} ${JSON.stringify(state)}`,
  );
  const line = `${name} ${status.phase} ${states.join()}`;
  if (containers.every(({ ready, state }) => ready || state.terminated?.exitCode === 0)) return line;
  const { body } = await ask('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log?tailLines=20`);
  return `${line}\n${body.message ?? JSON.stringify(body)}`;
}
