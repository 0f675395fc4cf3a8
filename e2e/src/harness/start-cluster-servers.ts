import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { DEVELOPMENT_ROOMS } from '@arqonbus/config';
import { startCluster } from '@arqonbus/testkit';
import type { Cluster } from '@arqonbus/testkit';
import type { BusServers } from './start-bus.ts';

/** The built services, and the command line. */
export const programs: Readonly<Record<'shield' | 'brain' | 'bridge' | 'arqon', string>> = {
  shield: fileURLToPath(new URL('../../../services/shield/dist/shield.mjs', import.meta.url)),
  brain: fileURLToPath(new URL('../../../services/brain/dist/brain.mjs', import.meta.url)),
  bridge: fileURLToPath(new URL('../../../services/bridge/dist/bridge.mjs', import.meta.url)),
  arqon: fileURLToPath(new URL('../../../packages/cli/dist/arqon.mjs', import.meta.url)),
};

/** What `arqon dev` has by itself. */
export function developmentSettings(jwtSecret: string): Readonly<Record<string, string>> {
  return {
    ARQONBUS_AUTH_JWT_SECRET: jwtSecret,
    ARQONBUS_BOOTSTRAP_ROOMS: JSON.stringify(DEVELOPMENT_ROOMS),
    ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '1000',
    ARQONBUS_LOG_ID_KEY: randomBytes(32).toString('hex'),
    ARQONBUS_LOG_STREAM_MAX_BYTES: '67108864',
    ARQONBUS_AUDIT_MAX_BYTES: '16777216',
    ARQONBUS_WORK_MAX_BYTES: '16777216',
    ARQONBUS_WEBHOOKS_SECRET_KEY: randomBytes(32).toString('hex'),
    ARQONBUS_WEBHOOKS_ALLOW_HTTP: 'true',
    ARQONBUS_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8,::1',
    ARQONBUS_WEBHOOKS_PORTS: '*',
    ARQONBUS_LOG_DURABLE_ON_ANY_NATS: 'true',
  };
}

/** Two Shields, two Brains, so many Bridges, NATS and Postgres; the first Shield listens on the port that is asked for. */
export async function startClusterServers(
  env: Readonly<Record<string, string>>,
  onPort: number,
  bridges: number,
): Promise<BusServers> {
  const jwtSecret = env['ARQONBUS_AUTH_JWT_SECRET'] ?? randomBytes(32).toString('hex');
  const cluster = await startCluster({
    programs,
    postgres: 'shared',
    bridges,
    env: { ...developmentSettings(jwtSecret), ...env },
    envOf: (service, number): Record<string, string> =>
      service === 'shield' && number === 0 ? { ARQONBUS_SERVER_PORT: String(onPort) } : {},
  });
  const shields = [...cluster.shields];
  return {
    addresses: shields.map((shield) => shield.addresses()),
    jwtSecret,
    bridgeUrls: cluster.bridges.map((bridge) => bridge.addresses()['bridge_url'] ?? ''),
    grpcUrls: cluster.bridges.map((bridge) => bridge.addresses()['grpc_url'] ?? ''),
    adminUrls: [...shields, ...cluster.brains, ...cluster.bridges].map(
      (service) => service.addresses()['http_url'] ?? '',
    ),
    pids: shields.map(({ pid }) => pid),
    signal: (signal) => {
      for (const shield of shields) shield.signal(signal);
    },
    isRunning: () => shields.every((shield) => shield.isRunning()),
    log: () => [...cluster.brains, ...shields, ...cluster.bridges].map((service) => service.log()).join(''),
    exited: whenShieldsExited(cluster),
    stop: cluster.stop,
  };
}

/** Cuts off the rest of the cluster with its Shields, as a test that ends those has no more use for it. */
async function whenShieldsExited(cluster: Cluster): Promise<number | null> {
  const codes = await Promise.all(cluster.shields.map(({ exited }) => exited));
  await cluster.kill();
  return codes.find((code) => code !== 0) ?? (codes.includes(null) ? null : 0);
}
