import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureHelm } from '../ensure-helm.mjs';
import { ensureInstalled } from '../ensure-installed.mjs';
import { importSource } from '../import-source.mjs';
import { isMain } from '../root.mjs';
import { run } from '../run.mjs';
import { filesOf, objectsIn, renderChart } from './chart/chart-cases.mjs';
import { createMachine, podOn } from './chart/pod-programs.mjs';
import { faultsThatStay } from './chart/prepare-cluster.mjs';
import { startPod } from './chart/started-pod.mjs';

const CASE = 'all-in-one';

/**
 * Whether the servers that the chart brings along work, and our services with them: what is rendered (configuration, users, passwords,
 * certificates) is given to real programs on this machine, three servers of NATS among them, all at once as in a cluster; by their probes they must become ready, and
 * then the migration and `helm test` are done. Paths, names with their ports, and listeners are others than in a cluster. Prints every fault.
 * Builds our programs where they are not those of the source.
 */
export async function checkChartServers() {
  if ((await run('node', ['scripts/build.mjs'], { output: 'stderr' })).code !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-servers-'));
  // Postgres is another user.
  chmodSync(folder, 0o755);
  const { createGuard } = await importSource('packages/testkit', 'src/process/create-guard.ts');
  const { code, output } = await renderChart(await ensureHelm(), filesOf(CASE).values);
  if (code !== 0) throw new Error(output);
  const machine = await createMachine(folder);
  const podOf = once((name) => podOn(machine, objectsIn(output), name));
  const bus = { podOf, createGuard, started: [] };
  try {
    const faults = await busFaults(bus);
    for (const fault of faults) process.stdout.write(`${CASE}: ${fault}\n`);
    if (faults.length === 0) process.stdout.write('The servers that the chart brings along work.\n');
    return faults.length === 0;
  } finally {
    await Promise.all(bus.started.map(({ stop }) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What was made for a name is given again. */
function once(make) {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
}

/** Until something is wrong: what comes after it would fail, too. */
async function busFaults(bus) {
  const steps = [
    () => startFaults(bus, ['nats-0', 'nats-1', 'nats-2', 'valkey', 'postgres', 'brain', 'shield', 'bridge']),
    () => endFaults(bus, 'migrate'),
    () => healthFaults(bus, 'brain'),
    async () => endFaults(bus, 'test', { ARQONBUS_AUTH_JWT: await tokenOf(bus) }),
  ];
  for (const step of steps) {
    const faults = await step();
    if (faults.length > 0) return faults;
  }
  return [];
}

async function startFaults({ podOf, createGuard, started }, names) {
  const pods = names.map((name) => startPod(podOf(name), createGuard));
  started.push(...pods);
  return (await Promise.all(pods.map((pod) => pod.faults()))).flat();
}

/** A pod that does one thing. */
async function endFaults({ podOf }, name, more = {}) {
  const { words, env } = podOf(name);
  const [program, ...args] = words;
  const { code, output } = await run(program, args, { output: 'capture', env: { ...env, ...more } });
  return code === 0 ? [] : [`${name} ended with ${code}:\n${output}`];
}

/** A Brain is ready without Valkey and Postgres, and tells of them elsewhere. It looks for its tables by itself. */
function healthFaults({ podOf }, name) {
  return faultsThatStay(async () => {
    const { checks } = await (await fetch(podOf(name).health)).json();
    const isUp = ['spine', 'buckets', 'postgres', 'valkey'].every((what) => checks[what] === 'ok');
    return isUp ? [] : [`${name}: ${JSON.stringify(checks)}`];
  });
}

/** As somebody makes one with what the release has made. */
async function tokenOf({ podOf }) {
  const secrets = podOf('shield').env;
  const [node, arqon] = podOf('test').words;
  const args = [arqon, 'token', '--user', 'helm', '--tenant', 'test'];
  const { output } = await run(node, args, { output: 'capture', env: secrets });
  return output.trim();
}

// `node scripts/gates/check-chart-servers.mjs`: that part of the stage `deployment` alone.
if (isMain(import.meta.url)) {
  await ensureInstalled();
  if (!(await checkChartServers())) process.exitCode = 1;
}
