import { standingFaults } from '../chart/standing-faults.mjs';
import { namespace, release, tokenOf } from './release.mjs';
import { startTraffic } from './traffic.mjs';
import { watchExits } from './watch-exits.mjs';

/** In this order, as an upgrade has it least of all: all at once would hide whose fault it is. */
const DEPLOYMENTS = ['shield', 'brain', 'bridge'];

/** Two pods of each, one after the other: each has its start, ten seconds in which it must not fall, and its drain. */
const REPLACED_MS = 240_000;

/** What is in every pod of ours, and changes nothing else. */
const CHANGE = ['--set', 'endpointPauseSeconds=6'];

/**
 * What is wrong when all pods of our services are replaced while people write (DPL-3), by restarts of one service after the other, then by `helm upgrade` and
 * `helm rollback`, which replace those of all services at once: messages that were acknowledged and did not
 * arrive once and in order, pods that did not come or did not end well within their grace.
 */
export async function replacementFaults(cluster, helmed, ctr) {
  const { body: service } = await cluster.ask('GET', `/api/v1/namespaces/${namespace}/services/${release}-shield`);
  const url = `ws://${service.spec.clusterIP}:${service.spec.ports[0].port}/v1/socket`;
  const tokens = [await tokenOf(cluster, 'alice'), await tokenOf(cluster, 'bob')];
  const traffic = await startTraffic({ url, tokens });
  const exits = watchExits(ctr);
  const faults = [];
  for (const name of DEPLOYMENTS) faults.push(...(await replace(cluster, name)));
  faults.push(...(await helmed.upgrade(...CHANGE)), ...(await standingFaults(cluster, namespace, REPLACED_MS)));
  faults.push(...(await helmed.rollback(1)), ...(await standingFaults(cluster, namespace, REPLACED_MS)));
  faults.push(...(await exits.stop()));
  const { acknowledged, received, isInOrder, kept, connects, told } = await traffic.stop();
  const summary = `${acknowledged} acknowledged, ${received} received, ${connects} connects, ${kept} in the history`;
  process.stdout.write(`every pod of ours replaced, three times: ${summary}\n`);
  if (received !== acknowledged || !isInOrder) faults.push(`${summary}, in order: ${isInOrder}`, ...told);
  if (connects < 3) faults.push(`nobody had to connect anew: ${summary}`);
  if (kept === 0) faults.push('the history is empty');
  return faults;
}

/** As `kubectl rollout restart` does. */
async function replace(cluster, name) {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${release}-${name}`;
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
  const { status, body } = await cluster.ask('PATCH', path, { spec: { template: { metadata: { annotations } } } });
  if (status !== 200) return [`${name}: ${body.message}`];
  const faults = await standingFaults(cluster, namespace, REPLACED_MS);
  return faults.map((fault) => `replacing ${name}: ${fault}`);
}
