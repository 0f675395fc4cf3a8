import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startControlPlane } from '../chart/control-plane.mjs';
import { prepareCluster } from '../chart/prepare-cluster.mjs';
import { podRange, startContainerRuntime } from './container-runtime.mjs';
import { offerLocalVolumes } from './local-volumes.mjs';
import { startNameService } from './name-service.mjs';
import { startNodeAgents } from './node-agents.mjs';
import { makeNodeNetwork, nodeAddress } from './node-network.mjs';

/**
 * Starts a cluster of one node in the namespaces of this process, which must be its own: mounts, network, processes. All of it ends with
 * them. `archives` hold the images that there are; `folder` is for all that is written; `cgroupRoot` is where the kubelet keeps its cgroups.
 * Gives what `prepareCluster` gives, and `kubeconfigOf` and `stop` of the control plane.
 */
export async function startCluster(programs, { folder, archives, cgroupRoot }) {
  await makeNodeNetwork();
  const plane = await startControlPlane(programs, { address: nodeAddress, podRange });
  try {
    mkdirSync(join(folder, 'node'), { recursive: true });
    await startContainerRuntime(plane.start, programs, { folder: join(folder, 'node'), archives });
    const kubeconfig = plane.kubeconfigOf('admin');
    await startNodeAgents(plane, programs, { folder: join(folder, 'node'), kubeconfig, cgroupRoot });
    await startNameService(plane);
    await offerLocalVolumes(plane, join(folder, 'disks'));
    return { ...(await prepareCluster(plane.ask)), kubeconfigOf: plane.kubeconfigOf, stop: plane.stop };
  } catch (error) {
    await plane.stop();
    throw error;
  }
}
