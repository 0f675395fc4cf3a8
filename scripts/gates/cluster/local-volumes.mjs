import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createObjects } from './create-objects.mjs';

/** Three of NATS, Valkey, Postgres. */
const COUNT = 5;

/** Volumes on the disk of the node, big enough for what the chart claims. */
export async function offerLocalVolumes({ ask }, folder) {
  const names = Array.from({ length: COUNT }, (_, number) => `disk-${number}`);
  for (const name of names) mkdirSync(join(folder, name), { recursive: true });
  const isHere = { key: 'kubernetes.io/os', operator: 'In', values: ['linux'] };
  const spec = (name) => ({
    capacity: { storage: '10Gi' },
    accessModes: ['ReadWriteOnce'],
    persistentVolumeReclaimPolicy: 'Retain',
    local: { path: join(folder, name) },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
  });
  await createObjects(
    ask,
    names.map((name) => ['/api/v1/persistentvolumes', name, { spec: spec(name) }]),
  );
}
