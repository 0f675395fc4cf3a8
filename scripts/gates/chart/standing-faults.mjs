import { faultsThatStay, itemsAt } from './prepare-cluster.mjs';

/**
 * What of a release does not hold together in a cluster, in words, once its controllers had time (a minute, or `boundMs`): a Deployment or StatefulSet whose pods are not
 * all there, a Service or a budget that finds no pod, an autoscaler that does not find what it scales.
 */
export function standingFaults({ ask }, namespace, boundMs) {
  return faultsThatStay(() => faultsNow(ask, namespace), boundMs);
}

async function faultsNow(ask, namespace) {
  const list = (api, name) => itemsAt(ask, `${api}/namespaces/${namespace}/${name}`);
  const deployments = await list('/apis/apps/v1', 'deployments');
  const sets = await list('/apis/apps/v1', 'statefulsets');
  const slices = await list('/apis/discovery.k8s.io/v1', 'endpointslices');
  const services = await list('/api/v1', 'services');
  const budgets = await list('/apis/policy/v1', 'poddisruptionbudgets');
  const scalers = await list('/apis/autoscaling/v2', 'horizontalpodautoscalers');
  return [
    ...deployments.filter((one) => !isRolledOut(one)).map((one) => `Deployment ${one.metadata.name}: ${wordsOf(one)}`),
    ...sets.filter((one) => !isRolledOut(one)).map(({ metadata }) => `StatefulSet ${metadata.name} is not rolled out`),
    ...services.filter((one) => !leadsSomewhere(one, slices)).map((one) => `Service ${one.metadata.name} finds no pod`),
    ...budgets
      .filter(({ status }) => !(status.expectedPods > 0 && status.disruptionsAllowed > 0))
      .map(({ metadata, status }) => `PodDisruptionBudget ${metadata.name}: ${JSON.stringify(status)}`),
    ...scalers.filter((one) => !findsItsTarget(one)).map((one) => `HorizontalPodAutoscaler ${wordsOf(one)}`),
  ];
}

function isRolledOut({ metadata, spec, status }) {
  const isCounted = [status.updatedReplicas, status.replicas, status.availableReplicas].every(
    (count) => count === spec.replicas,
  );
  return status.observedGeneration === metadata.generation && isCounted;
}

/** Every port of it must lead to a pod that is ready. */
function leadsSomewhere({ metadata, spec }, slices) {
  const own = slices.filter((slice) => slice.metadata.labels['kubernetes.io/service-name'] === metadata.name);
  const reached = own.filter(({ endpoints }) => endpoints?.some(({ conditions }) => conditions.ready));
  return spec.ports.every(({ name }) => reached.some(({ ports }) => ports?.some((port) => port.name === name)));
}

function findsItsTarget({ status }) {
  return status.conditions?.some(({ type, status: is }) => type === 'AbleToScale' && is === 'True') === true;
}

function wordsOf({ status }) {
  return (status.conditions ?? []).map(({ type, message }) => `${type}: ${message}`).join('; ');
}
