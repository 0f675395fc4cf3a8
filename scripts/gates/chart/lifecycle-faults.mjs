import { readFileSync } from 'node:fs';
import { run } from '../../run.mjs';
import { chart, chartCases, filesOf, objectsIn } from './chart-cases.mjs';
import { leftFaults } from './left-faults.mjs';
import { watchMadeSecrets } from './made-secrets.mjs';
import { createNamespace, objectsOf } from './prepare-cluster.mjs';
import { standingFaults } from './standing-faults.mjs';

const NAMESPACE = 'bus';
const RELEASE = 'arqon';
/** There are more revisions than Helm keeps, and the first is gone back to. */
const UPGRADE = ['--wait', '--history-max', '0'];

/**
 * What goes wrong in the life of a release, in words, until something does: somebody who may do what the administrator of one
 * namespace may installs the first case, goes to the others one after the other and back to the first. After each step everything must stand: pods,
 * the Services before them, budgets and the autoscaler. Then it is taken away, and nothing may be left that was not there before, but what is meant to stay.
 */
export async function lifecycleFaults(cluster, helm, kubeconfig) {
  await createNamespace(cluster, NAMESPACE);
  const before = await objectsOf(cluster, NAMESPACE);
  const said = (...args) => helmFaults(helm, kubeconfig, args);
  const lostSecrets = watchMadeSecrets(cluster, NAMESPACE, RELEASE);
  const faults = [];
  for (const [about, ...args] of stepsOf(chartCases())) {
    const found = await said(...args);
    if (found.length === 0) found.push(...(await standingFaults(cluster, NAMESPACE)), ...(await lostSecrets()));
    if (args.includes('--reuse-values')) found.push(...(await reuseFaults(helm, kubeconfig)));
    faults.push(...found.map((fault) => `${about}: ${fault}`));
    if (found.length > 0) break;
  }
  return [
    ...faults,
    ...(await said('uninstall', RELEASE, '--wait')),
    ...(await leftFaults(cluster, { namespace: NAMESPACE, release: RELEASE, before })),
    ...(await lostSecrets()),
  ];
}

/** What Helm is told, each with what it is about. */
function stepsOf([first, ...others]) {
  const test = (name) => (hasTest(name) ? [[name, 'test', RELEASE]] : []);
  return [
    [first, 'install', ...target(first), '--wait'],
    [first, 'upgrade', RELEASE, chart, '--reuse-values', ...UPGRADE],
    ...test(first),
    ...others.flatMap((name) => [
      [name, 'upgrade', ...target(name), ...UPGRADE],
      [name, 'upgrade', RELEASE, chart, '--reuse-values', ...UPGRADE],
      ...test(name),
    ]),
    [first, 'rollback', RELEASE, '1', '--wait'],
  ];
}

function target(name) {
  return [RELEASE, chart, '--values', filesOf(name).values];
}

async function helmFaults(helm, kubeconfig, args) {
  const { code, output } = await runHelm(helm, kubeconfig, [...args, '--timeout', '2m']);
  const warnings = output.split('\n').filter((line) => /warning|would violate/i.test(line));
  return [...(code === 0 ? [] : [`helm ${args[0]}: ${output}`]), ...warnings.map((line) => `helm ${args[0]}: ${line}`)];
}

function runHelm(helm, kubeconfig, args) {
  return run(helm, [...args, '--kubeconfig', kubeconfig, '--namespace', NAMESPACE], { output: 'capture' });
}

/** A release that was given nothing new must be what it was in the revision before. */
async function reuseFaults(helm, kubeconfig) {
  const told = await runHelm(helm, kubeconfig, ['history', RELEASE, '--output', 'json']);
  const last = JSON.parse(told.output).at(-1).revision;
  const manifests = [last - 1, last].map((revision) =>
    runHelm(helm, kubeconfig, ['get', 'manifest', RELEASE, '--revision', String(revision)]),
  );
  const [before, after] = await Promise.all(manifests);
  return before.output === after.output ? [] : ['helm upgrade --reuse-values makes something else of the release'];
}

function hasTest(name) {
  const objects = objectsIn(readFileSync(filesOf(name).rendered, 'utf8'));
  return objects.some(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test');
}
