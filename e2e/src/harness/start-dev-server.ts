import { fileURLToPath } from 'node:url';
import { startServiceProcess } from '@arqonbus/testkit';
import type { BusServers } from './start-bus.ts';

const PROGRAM = fileURLToPath(new URL('../../../packages/cli/dist/arqon.mjs', import.meta.url));
const FREE_PORTS = {
  ARQONBUS_HTTP_PORT: '0',
  ARQONBUS_TELEMETRY_PORT: '0',
  ARQONBUS_BRIDGE_PORT: '0',
  ARQONBUS_BRIDGE_GRPC_PORT: '0',
};

/** The whole bus in one process: `arqon dev`. */
export async function startDevServer(env: Readonly<Record<string, string>>, onPort: number): Promise<BusServers> {
  const server = startServiceProcess({
    name: 'arqon-dev',
    program: PROGRAM,
    args: ['dev', '--port', String(onPort), '--json'],
    env: { ...FREE_PORTS, ...env },
  });
  await server.ready;
  return {
    addresses: [server.addresses()],
    jwtSecret: server.addresses()['jwt_secret'] ?? '',
    bridgeUrls: [server.addresses()['bridge_url'] ?? ''],
    grpcUrls: [server.addresses()['grpc_url'] ?? ''],
    adminUrls: [server.addresses()['http_url'] ?? ''],
    pids: [server.pid],
    signal: server.signal,
    isRunning: server.isRunning,
    log: server.log,
    exited: server.exited,
    stop: server.stop,
  };
}
