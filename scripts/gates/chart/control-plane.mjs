import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { importSource } from '../../import-source.mjs';
import { createKubeClient } from './kube-client.mjs';
import { startedIn } from './started-programs.mjs';

const READY_MS = 120_000;

/**
 * Starts etcd, the API server and the controllers of Kubernetes as plain processes on this machine, with rights by role and the
 * plugins of admission that are on by default. There is no kubelet and no scheduler: what runs is only said to run. With `node`
 * ({address, podRange}) it is for one: pods reach it at that address, and `start` starts the programs of the node, which end with it.
 * `ask` is an administrator's client; `kubeconfigOf('admin' | 'operator')` is a file for programs: the second may do what somebody
 * gives it. `stop` ends all and leaves nothing. Rejects with what the programs said where they do not come up.
 */
export async function startControlPlane(programs, node) {
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-kubernetes-'));
  const processes = startedIn(folder);
  const { freePort } = await importSource('packages/testkit', 'src/raw-socket/free-port.ts');
  const address = node?.address ?? '127.0.0.1';
  const port = await freePort();
  const tokens = { admin: newToken(), operator: newToken() };
  try {
    writeKeys(folder, tokens);
    processes.start(programs.etcd, etcdArguments(folder));
    processes.start(programs.apiServer, apiServerArguments(folder, { address, port, node }));
    const ca = await certificateIn(folder, processes);
    const ask = createKubeClient({ address, port, ca, token: tokens.admin });
    await ready(ask, processes);
    const kubeconfigOf = (user) => writeKubeconfig(folder, { user, address, port, ca, token: tokens[user] });
    processes.start(programs.controllers, controllerArguments(folder, kubeconfigOf('admin'), node));
    return { ask, kubeconfigOf, start: processes.start, stop: processes.stop };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

function newToken() {
  return randomBytes(24).toString('hex');
}

/** Who may ask, and what tokens of service accounts are signed with. */
function writeKeys(folder, tokens) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const encoding = { format: 'pem' };
  writeFileSync(join(folder, 'accounts.key'), privateKey.export({ type: 'pkcs8', ...encoding }), { mode: 0o600 });
  writeFileSync(join(folder, 'accounts.pub'), publicKey.export({ type: 'spki', ...encoding }));
  const lines = [`${tokens.admin},admin,admin,system:masters`, `${tokens.operator},operator,operator`];
  writeFileSync(join(folder, 'tokens.csv'), `${lines.join('\n')}\n`, { mode: 0o600 });
}

/** Sockets in the folder where it runs: nobody else meets them, and no port is taken. etcd wants them to look like ports. */
function etcdArguments(folder) {
  const clients = 'unix://clients:0';
  const peers = 'unix://peers:0';
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
  ];
}

function apiServerArguments(folder, { address, port, node }) {
  return [
    `--etcd-servers=unix://${join(folder, 'clients:0')}`,
    `--secure-port=${port}`,
    `--bind-address=${address}`,
    // Nobody reaches it by its Service where there are no pods.
    ...(node === undefined ? ['--endpoint-reconciler-type=none'] : ['--kubelet-preferred-address-types=InternalIP']),
    `--cert-dir=${folder}`,
    '--authorization-mode=RBAC',
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    '--service-cluster-ip-range=10.0.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'accounts.pub')}`,
    `--service-account-signing-key-file=${join(folder, 'accounts.key')}`,
  ];
}

function controllerArguments(folder, kubeconfig, node) {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--secure-port=0',
    ...(node === undefined
      ? // The node gives no sign of life: nobody is there.
        ['--controllers=*,-node-lifecycle-controller']
      : ['--allocate-node-cidrs', `--cluster-cidr=${node.podRange}`]),
    `--service-account-private-key-file=${join(folder, 'accounts.key')}`,
    `--root-ca-file=${join(folder, 'apiserver.crt')}`,
    // Nothing measures; this is how soon the autoscaler says whether it finds what it scales.
    '--horizontal-pod-autoscaler-sync-period=1s',
  ];
}

/** The API server makes its certificate when it starts. */
async function certificateIn(folder, processes) {
  const file = join(folder, 'apiserver.crt');
  for (const deadline = Date.now() + READY_MS; ; await wait(100)) {
    try {
      const text = readFileSync(file, 'utf8');
      if (text.trimEnd().endsWith('-----END CERTIFICATE-----')) return text;
    } catch {
      // Not there yet.
    }
    processes.mustGoOn(Date.now() > deadline);
  }
}

async function ready(ask, processes) {
  for (const deadline = Date.now() + READY_MS; ; await wait(100)) {
    const answer = await ask('GET', '/readyz').catch(() => undefined);
    if (answer?.status === 200) return;
    processes.mustGoOn(Date.now() > deadline);
  }
}

/** JSON is YAML. */
function writeKubeconfig(folder, { user, address, port, ca, token }) {
  const cluster = {
    server: `https://${address}:${port}`,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  };
  const file = join(folder, `${user}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'here', cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user } }],
    'current-context': 'here',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
