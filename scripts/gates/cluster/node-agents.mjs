import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../chart/prepare-cluster.mjs';
import { podRange, runtimeSocket } from './container-runtime.mjs';
import { nodeAddress } from './node-network.mjs';

/** The address of the name service, in the range of Services. */
export const dnsAddress = '10.0.0.10';
const NODE = 'here';

/**
 * Starts what runs on a node and beside it: the scheduler, the kubelet, kube-proxy for the addresses of Services, and kube-router for the
 * policies of the network, and waits until the node is ready. `start` starts a program. All act as an administrator: the cluster is
 * nobody else's.
 */
export async function startNodeAgents({ start, ask }, programs, { folder, kubeconfig, cgroupRoot }) {
  const write = (name, object) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(object));
    return file;
  };
  start(programs['kube-scheduler'], [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']);
  start(programs.kubelet, [
    `--config=${write('kubelet.json', kubeletConfig(cgroupRoot, write('resolv.conf', '')))}`,
    `--kubeconfig=${kubeconfig}`,
    `--root-dir=${join(folder, 'kubelet')}`,
    `--hostname-override=${NODE}`,
    `--node-ip=${nodeAddress}`,
  ]);
  start(programs['kube-proxy'], [`--config=${write('proxy.json', proxyConfig(kubeconfig))}`]);
  await until(async () => {
    const { status, body } = await ask('GET', `/api/v1/nodes/${NODE}`);
    const isReady = body.status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True');
    return status === 200 && isReady && body.spec.podCIDR !== undefined ? true : undefined;
  }, 'the node');
  start(programs['kube-router'], [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${NODE}`,
    '--run-router=false',
    '--run-service-proxy=false',
    '--enable-cni=false',
    '--service-cluster-ip-range=10.0.0.0/16',
  ]);
}

/** Machines without systemd, with cgroups of version 1, are taken. Nothing is evicted for the room on a disk that others fill. */
function kubeletConfig(cgroupRoot, resolvConf) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    containerRuntimeEndpoint: `unix://${runtimeSocket}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
    clusterDNS: [dnsAddress],
    clusterDomain: 'cluster.local',
    resolvConf,
    oomScoreAdj: 0,
    // What a Secret holds comes to its pods as soon.
    syncFrequency: '5s',
    configMapAndSecretChangeDetectionStrategy: 'Watch',
  };
}

function proxyConfig(kubeconfig) {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clusterCIDR: podRange,
    clientConnection: { kubeconfig },
    hostnameOverride: NODE,
    oomScoreAdj: 0,
    // The table of connections is that of the whole machine.
    conntrack: { maxPerCore: 0, min: 0 },
  };
}
