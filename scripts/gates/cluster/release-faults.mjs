import { createNamespace, objectsOf } from '../chart/prepare-cluster.mjs';
import { leftFaults } from '../chart/left-faults.mjs';
import { standingFaults } from '../chart/standing-faults.mjs';
import { certificateFaults } from './certificate-faults.mjs';
import { createObjects } from './create-objects.mjs';
import { keptAliveFaults } from './kept-alive-faults.mjs';
import { podReport } from './pod-report.mjs';
import { policyFaults } from './policy-faults.mjs';
import { namespace, release, releaseOf, tokenOf } from './release.mjs';
import { replacementFaults } from './replacement-faults.mjs';

/** Secrets of who tries it, not of the release. */
const SECRETS = ['Secret bus-test', 'Secret bus-tls'];

/**
 * What is wrong with a release in this cluster, in words: it is installed by the administrator of a namespace where `restricted` is enforced, tested
 * (`helm test`), used by clients from outside while its pods are replaced, and taken away.
 */
export async function releaseFaults(cluster, { helm, ctr, folder }) {
  await createNamespace(cluster, namespace);
  const before = await objectsOf(cluster, namespace);
  const helmed = releaseOf(cluster, helm, folder);
  /** @type {[string, () => Promise<string[]>][]} */
  const steps = [
    ['install', helmed.install],
    ['stands', () => standingFaults(cluster, namespace)],
    ['token', () => makeTestToken(cluster)],
    ['helm test', helmed.test],
    ['replaced', () => replacementFaults(cluster, helmed, ctr)],
    ['policies', () => policyFaults(cluster)],
    ['kept alive', () => keptAliveFaults(cluster)],
    ['certificate', () => certificateFaults(cluster, helmed)],
    ['uninstall', helmed.uninstall],
    ['nothing left', () => leftFaults(cluster, { namespace, release, before: [...before, ...SECRETS] })],
  ];
  for (const [name, step] of steps) {
    const startedAt = performance.now();
    const faults = await step();
    process.stdout.write(`${name.padEnd(14)} ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
    // What follows would say the same again.
    if (faults.length > 0) return [...faults.map((fault) => `${name}: ${fault}`), await podReport(cluster, namespace)];
  }
  return [];
}

async function makeTestToken(cluster) {
  const token = Buffer.from(await tokenOf(cluster, 'tester')).toString('base64');
  await createObjects(cluster.ask, [[`/api/v1/namespaces/${namespace}/secrets`, 'bus-test', { data: { token } }]]);
  return [];
}
