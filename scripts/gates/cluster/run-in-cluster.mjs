import { releaseFaults } from './release-faults.mjs';
import { startCluster } from './start-cluster.mjs';

// Of `check-cluster.mjs`, which starts it in namespaces of its own: a cluster, and what is wrong with the chart in it.
const { programs, helm, folder, archives, cgroupRoot } = JSON.parse(process.argv[2]);
const startedAt = performance.now();
const cluster = await startCluster(programs, { folder, archives, cgroupRoot });
process.stdout.write(`cluster up     ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
const faults = await releaseFaults(cluster, { helm, ctr: programs.ctr, folder }).finally(cluster.stop);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
