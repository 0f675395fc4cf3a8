import { ensureHelm } from './ensure-helm.mjs';
import { ensureInstalled } from './ensure-installed.mjs';
import { run } from './run.mjs';

// `node scripts/try-chart.mjs <namespace> <values.yaml>`: installs the chart in the cluster that KUBECONFIG names, runs `helm test`, tells
// the pods and their logs where something fails, and takes the release away. The namespace is there with the Secrets that the
// values name, and enforces what it will.
const [namespace, values] = process.argv.slice(2);
if (namespace === undefined || values === undefined || (process.env.KUBECONFIG ?? '') === '') {
  process.stderr.write('Usage: KUBECONFIG=<file> node scripts/try-chart.mjs <namespace> <values.yaml>\n');
  process.exit(2);
}
await ensureInstalled();
const { chart } = await import('./gates/chart/chart-cases.mjs');
const helm = await ensureHelm();
const release = 'trial';
const here = ['--namespace', namespace];

const installed = await ran(helm, 'install', release, chart, ...here, '--values', values, '--wait', '--timeout', '5m');
const passed = installed && (await ran(helm, 'test', release, ...here, '--logs'));
if (!passed) {
  await ran('kubectl', ...here, 'get', 'pods,jobs,events', '--output', 'wide');
  const labels = `app.kubernetes.io/instance=${release}`;
  await ran('kubectl', ...here, 'logs', '--selector', labels, '--tail', '50', '--prefix', '--all-containers');
}
const removed = await ran(helm, 'uninstall', release, ...here, '--wait');
process.exitCode = passed && removed ? 0 : 1;

async function ran(program, ...args) {
  return (await run(program, args)).code === 0;
}
