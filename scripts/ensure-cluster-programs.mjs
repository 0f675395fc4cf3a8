import { join } from 'node:path';
import { aptInstall, canUseApt } from './apt.mjs';
import { ensureKubeApiserver, kubernetesModule, kubernetesVersion, versionFlags } from './ensure-kube-apiserver.mjs';
import { isExecutable, onPath } from './find-program.mjs';
import { installGoPrograms } from './install-go-program.mjs';
import { isMain } from './root.mjs';

/** Packages of Debian by the program that the programs of a node call. */
const CALLED = { ip: 'iproute2', ipset: 'ipset', iptables: 'iptables', runc: 'runc', unshare: 'util-linux' };

/** What no part of Kubernetes' own module is, each of one release. */
const OTHERS = [
  {
    release: 'containerd-2.4.2',
    of: 'github.com/containerd/containerd/v2/cmd',
    names: ['containerd', 'containerd-shim-runc-v2', 'ctr'],
    // They would need headers of C.
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs'],
  },
  {
    release: 'cni-plugins-1.10.0',
    of: 'github.com/containernetworking/plugins/plugins',
    paths: ['main/bridge', 'main/loopback', 'ipam/host-local'],
    names: ['bridge', 'loopback', 'host-local'],
  },
  { release: 'coredns-1.15.0', of: 'github.com/coredns', names: ['coredns'] },
  { release: 'kube-router-2.1.0', of: 'github.com/cloudnativelabs/kube-router/v2/cmd', names: ['kube-router'] },
];

/**
 * The paths of all programs of a cluster of one node, by name: those of `ensureKubeApiserver`, and what runs on a node. They are built
 * of their Go modules, once per user. Says in one line what is missing and gives undefined where they cannot be had.
 */
export async function ensureClusterPrograms() {
  try {
    const missing = missingPrograms();
    const plane = await ensureKubeApiserver();
    if (plane === undefined) return undefined;
    if (missing.length > 0) await aptInstall(missing.map((program) => CALLED[program]));
    const built = [await nodePrograms(), ...(await otherPrograms())];
    return Object.assign({}, plane, ...built);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** What is called and has to be installed. Throws where there cannot be a node. */
function missingPrograms() {
  if (process.platform !== 'linux') throw new Error('A node of Kubernetes needs Linux.');
  if (process.getuid() !== 0) throw new Error('A node of Kubernetes makes namespaces and mounts; run this as root.');
  const missing = Object.keys(CALLED).filter((program) => !onPath(program).some(isExecutable));
  if (missing.length > 0 && !canUseApt()) throw new Error(`A node of Kubernetes needs ${missing.join(', ')}.`);
  return missing;
}

/** Of the same module as the API server; `pause` is a few lines of ours. */
async function nodePrograms() {
  const version = kubernetesVersion();
  const names = ['kubelet', 'kube-proxy', 'kube-scheduler', 'pause'];
  const packages = [...names.slice(0, -1).map((name) => `k8s.io/kubernetes/cmd/${name}`), './pause'];
  const release = `kubernetes-node-${version.slice(1)}`;
  return build({ release, names, args: ['-ldflags', versionFlags(version), ...packages], cwd: kubernetesModule });
}

async function otherPrograms() {
  const found = [];
  for (const { release, of, names, paths = names, tags = [] } of OTHERS) {
    const version = release.slice(release.lastIndexOf('-') + 1);
    const packages = paths.map((path) => `${of}/${path}@v${version}`);
    found.push(
      await build({ release, names, args: ['-ldflags', '-s -w', '-tags', tags.join(), ...packages], cwd: '/' }),
    );
  }
  return found;
}

async function build({ release, names, args, cwd }) {
  const advice = `${release} could not be built of its Go module:`;
  const folder = await installGoPrograms({ release, names, args, cwd, advice, about: 'some minutes' });
  if (folder === undefined) throw new Error('No Go here: there is no node to show the chart to.');
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]));
}

// `node scripts/ensure-cluster-programs.mjs` prints where they are.
if (isMain(import.meta.url)) {
  for (const path of Object.values((await ensureClusterPrograms()) ?? {})) process.stdout.write(`${path}\n`);
}
