import { ensureHelm } from '../ensure-helm.mjs';
import { ensureInstalled } from '../ensure-installed.mjs';
import { ensureKubeApiserver } from '../ensure-kube-apiserver.mjs';
import { isMain } from '../root.mjs';
import { admissionFaults } from './chart/admission-faults.mjs';
import { chartCases, filesOf, objectsIn, renderChart } from './chart/chart-cases.mjs';
import { startControlPlane } from './chart/control-plane.mjs';
import { lifecycleFaults } from './chart/lifecycle-faults.mjs';
import { createNamespace, prepareCluster } from './chart/prepare-cluster.mjs';
import { startStandInKubelet } from './chart/stand-in-kubelet.mjs';

/**
 * Whether an API server of Kubernetes takes the chart: every object of every case, without a warning, and the pods that come of
 * them where the level `restricted` is enforced; and a release through its life. Prints every fault. Where there is no API server it
 * says so and checks nothing.
 */
export async function checkAdmission() {
  const programs = await ensureKubeApiserver();
  if (programs === undefined) {
    process.stdout.write('Not checked: whether an API server admits the chart.\n');
    return true;
  }
  const helm = await ensureHelm();
  const plane = await startControlPlane(programs);
  let stopKubelet;
  try {
    stopKubelet = await startStandInKubelet(plane.ask);
    const cluster = await prepareCluster(plane.ask);
    const faults = [];
    for (const name of chartCases()) {
      const found = await caseFaults(cluster, helm, name);
      faults.push(...found.map((fault) => `${name}: ${fault}`));
    }
    // What is refused cannot be installed either, and Helm would wait for it.
    if (faults.length === 0) faults.push(...(await lifecycleFaults(cluster, helm, plane.kubeconfigOf('operator'))));
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    if (faults.length === 0) process.stdout.write(`An API server admits the chart: ${chartCases().length} cases.\n`);
    return faults.length === 0;
  } finally {
    // Ends all the same where the stand-in has failed.
    await Promise.resolve(stopKubelet?.()).finally(plane.stop);
  }
}

async function caseFaults(cluster, helm, name) {
  const { code, output } = await renderChart(helm, filesOf(name).values);
  if (code !== 0) return [output];
  const namespace = `case-${name}`;
  await createNamespace(cluster, namespace);
  return admissionFaults(cluster, objectsIn(output), namespace);
}

// `node scripts/gates/check-admission.mjs`: that part of the stage `deployment` alone.
if (isMain(import.meta.url)) {
  await ensureInstalled();
  if (!(await checkAdmission())) process.exitCode = 1;
}
