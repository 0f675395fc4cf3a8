import { pathOf } from './kube-client.mjs';

/**
 * What the API server has against these objects and the pods of their templates in a namespace that is there, in words: what it
 * refuses, and what it warns of. It is asked for all that it would do, and keeps nothing, but for accounts that pods name.
 */
export async function admissionFaults({ ask, kinds }, objects, namespace) {
  const faults = [];
  for (const object of objects.toSorted(accountsFirst)) {
    const kind = kinds.get(`${object.apiVersion}/${object.kind}`);
    const name = `${object.kind} ${object.metadata.name}`;
    if (kind === undefined) faults.push(`${name}: the API server knows no ${object.apiVersion}/${object.kind}`);
    else faults.push(...(await faultsOf(ask, pathOf(kind, namespace), object)).map((fault) => `${name}: ${fault}`));
    const pod = podOf(object);
    if (pod === undefined) continue;
    const found = await faultsOf(ask, `/api/v1/namespaces/${namespace}/pods`, pod);
    faults.push(...found.map((fault) => `the pod of ${name}: ${fault}`));
  }
  return faults;
}

async function faultsOf(ask, path, object) {
  const dry = object.kind === 'ServiceAccount' ? '' : 'dryRun=All&';
  const { status, body, warnings } = await ask('POST', `${path}?${dry}fieldValidation=Strict`, object);
  const refused = status === 201 ? [] : [`refused with ${status}: ${body.message}`];
  return [...refused, ...warnings.map((warning) => `warned of: ${warning}`)];
}

function accountsFirst(a, b) {
  return Number(b.kind === 'ServiceAccount') - Number(a.kind === 'ServiceAccount');
}

/** The pod that a controller would make. */
function podOf({ metadata, spec }) {
  if (spec?.template?.spec === undefined) return undefined;
  const { labels, annotations } = spec.template.metadata;
  const claimed = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${metadata.name}-0`, labels, annotations },
    spec: {
      restartPolicy: 'Always',
      ...spec.template.spec,
      volumes: [...(spec.template.spec.volumes ?? []), ...claimed],
    },
  };
}
