import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { build } from '../build.mjs';
import { ensureClusterPrograms } from '../ensure-cluster-programs.mjs';
import { ensureHelm } from '../ensure-helm.mjs';
import { ensureInstalled } from '../ensure-installed.mjs';
import { isMain } from '../root.mjs';
import { makeCgroups, removeCgroups } from './cluster/cgroups.mjs';
import { clusterImages } from './cluster/cluster-images.mjs';
import { runInOwnNamespaces } from './cluster/own-namespaces.mjs';
import { chart } from './chart/chart-cases.mjs';

/**
 * Whether the chart works in a cluster: one node, with a kubelet, containers, addresses of Services and policies of the network. Prints every
 * fault. Where there cannot be one it says so and checks nothing.
 */
export async function checkCluster() {
  const programs = await ensureClusterPrograms();
  if (programs === undefined) {
    process.stdout.write('Not checked: whether the chart works in a cluster.\n');
    return true;
  }
  const helm = await ensureHelm();
  await build();
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-cluster-'));
  const cgroupRoot = `/${basename(folder)}`;
  try {
    const { appVersion } = parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
    const archives = await clusterImages(programs, { folder, tag: appVersion });
    makeCgroups(cgroupRoot);
    const inside = join(import.meta.dirname, 'cluster/run-in-cluster.mjs');
    const told = JSON.stringify({ programs, helm, folder, archives, cgroupRoot });
    return (await runInOwnNamespaces(inside, [told], folder)) === 0;
  } finally {
    await removeCgroups(cgroupRoot);
    rmSync(folder, { recursive: true, force: true });
  }
}

// `node scripts/gates/check-cluster.mjs`: the part `cluster` of the gates alone.
if (isMain(import.meta.url)) {
  await ensureInstalled();
  if (!(await checkCluster())) process.exitCode = 1;
}
