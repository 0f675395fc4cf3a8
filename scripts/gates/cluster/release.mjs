import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../root.mjs';
import { run } from '../../run.mjs';
import { chart, filesOf } from '../chart/chart-cases.mjs';

/** Where the release is, what it is called, and the case of deploy/helm/cases that it is. */
export const namespace = 'bus';
export const release = 'arqon';
const CASE = 'all-in-one';
const TIMEOUT = ['--timeout', '5m'];
/** One small node runs all of it. */
const least = { resources: { requests: { cpu: '20m', memory: '64Mi' } } };
const SMALL = {
  ...Object.fromEntries(['shield', 'brain', 'bridge', 'migrations'].map((name) => [name, least])),
  dependencies: Object.fromEntries(['nats', 'valkey', 'postgres'].map((name) => [name, least])),
};

/** Helm as the administrator of one namespace. Each call gives what went wrong, in words. */
export function releaseOf(cluster, helm, folder) {
  const kubeconfig = cluster.kubeconfigOf('operator');
  const small = join(folder, 'small.values.yaml');
  writeFileSync(small, JSON.stringify(SMALL));
  const values = ['--values', filesOf(CASE).values, '--values', small];
  const told = async (...args) => {
    const all = [...args, ...TIMEOUT, '--kubeconfig', kubeconfig, '--namespace', namespace];
    const { code, output } = await run(helm, all, { output: 'capture' });
    return code === 0 ? [] : [`helm ${args[0]}: ${output}`];
  };
  return {
    install: () => told('install', release, chart, ...values, '--wait', '--wait-for-jobs'),
    upgrade: (...args) => told('upgrade', release, chart, ...values, ...args, '--wait', '--wait-for-jobs'),
    rollback: (revision) => told('rollback', release, String(revision), '--wait'),
    test: () => told('test', release, '--logs'),
    uninstall: () => told('uninstall', release, '--wait'),
  };
}

/** Makes a token for somebody of a tenant with the key that the release made for itself, as docs/kubernetes.md has it. */
export async function tokenOf({ ask }, user) {
  const { body } = await ask('GET', `/api/v1/namespaces/${namespace}/secrets/${release}-keys`);
  const key = Buffer.from(body.data['auth.jwt_secret'], 'base64').toString();
  const args = [join(root, 'packages/cli/dist/arqon.mjs'), 'token', '--user', user, '--tenant', 'acme', '--ttl', '1h'];
  const { code, output } = await run(process.execPath, args, {
    output: 'capture',
    env: { ARQONBUS_AUTH_JWT_SECRET: key },
  });
  if (code !== 0) throw new Error(`arqon token: ${output}`);
  return output.trim();
}
