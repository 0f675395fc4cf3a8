import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../chart/prepare-cluster.mjs';
import { mustRun } from './must-run.mjs';

/** The socket of the runtime, which the kubelet speaks to. */
export const runtimeSocket = '/run/containerd/containerd.sock';
/** The image that holds the namespaces of a pod. */
export const pauseImage = 'localhost/arqonbus-pause:1';
/** Where pods have their addresses. */
export const podRange = '10.244.0.0/16';

/**
 * Starts containerd with runc, a bridge for the pods and the images of these archives. `start` starts a program. What it keeps lies in
 * `folder`.
 */
export async function startContainerRuntime(start, programs, { folder, archives }) {
  const config = join(folder, 'containerd.toml');
  const plugins = join(folder, 'cni');
  mkdirSync(plugins, { recursive: true });
  for (const name of ['bridge', 'loopback', 'host-local']) symlinkSync(programs[name], join(plugins, name));
  writeFileSync(join(folder, '10-bridge.conflist'), JSON.stringify(bridgeConfig));
  writeFileSync(config, containerdConfig({ folder, plugins, shim: programs['containerd-shim-runc-v2'] }));
  start(programs.containerd, ['--config', config]);
  const ctr = (...args) => mustRun(programs.ctr, '--address', runtimeSocket, '--namespace', 'k8s.io', ...args);
  await until(() => ctr('version').catch(() => undefined), 'containerd');
  for (const archive of archives) await ctr('images', 'import', '--local', archive);
}

/** Pods meet on a bridge of the node, and leave it under the address of the node. */
const bridgeConfig = {
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'bridge',
      bridge: 'pods',
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: podRange }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
};

/** As containerd has it, but for its places; processes are not made dearer to the kernel than this one is, which needs a right of its own. */
function containerdConfig({ folder, plugins, shim }) {
  return `version = 3
root = "${join(folder, 'containerd')}"
state = "/run/containerd"
[grpc]
address = "${runtimeSocket}"
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "${pauseImage}"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["${plugins}"]
conf_dir = "${folder}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = "${shim}"
`;
}
