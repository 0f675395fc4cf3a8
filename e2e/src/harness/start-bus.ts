import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { TokenOrder } from '@arqonbus/auth';
import type { Bus } from './bus.ts';
import { connectJson } from './json-client.ts';
import { isCluster } from './mode.ts';
import { startClusterServers } from './start-cluster-servers.ts';
import { startDevServer } from './start-dev-server.ts';

export type { Bus } from './bus.ts';

/** What stands behind a bus in either mode. */
export interface BusServers extends Pick<Bus, 'signal' | 'isRunning' | 'log' | 'exited' | 'stop' | 'pids'> {
  /** Of each process that serves clients. */
  readonly addresses: readonly Readonly<Record<string, string>>[];
  readonly jwtSecret: string;
  /** Of each Bridge; none in a cluster that was started without. */
  readonly bridgeUrls: readonly string[];
  readonly grpcUrls: readonly string[];
  /** Where every process shows its metrics. */
  readonly adminUrls: readonly string[];
}

const HOUR_MS = 3_600_000;

/** Starts a bus with these settings, on free ports but for the one that is asked for; in a cluster with so many Bridges. */
export async function startBus(env: Readonly<Record<string, string>> = {}, onPort = 0, bridges = 0): Promise<Bus> {
  const servers = await (isCluster ? startClusterServers(env, onPort, bridges) : startDevServer(env, onPort));
  const { addresses, jwtSecret, bridgeUrls, grpcUrls, adminUrls, ...rest } = servers;
  const issuer = createDevelopmentIssuer({ secret: jwtSecret, now: Date.now });
  const ports = addresses.map(({ ws_url: url = '' }) => Number(new URL(url).port));
  const [{ ws_url: wsUrl = '', http_url: httpUrl = '', telemetry_url: telemetryUrl = '' } = {}] = addresses;
  const token = (order: Partial<TokenOrder> = {}): Promise<string> =>
    issuer.issue({ tenant: 'acme', user: 'alice', role: 'user', ttlMs: HOUR_MS, ...order });
  let turn = 0;
  return {
    ...rest,
    wsUrl,
    httpUrl,
    telemetryUrl,
    bridgeUrl: bridgeUrls[0] ?? '',
    grpcUrl: grpcUrls[0] ?? '',
    port: ports[0] ?? 0,
    ports,
    token,
    connect: async (order, query) => {
      const port = ports[turn++ % ports.length] ?? 0;
      return connectJson({ port, token: await token(order), ...(query === undefined ? {} : { query }) });
    },
    scrapes: () => Promise.all(adminUrls.map(readMetrics)),
    metric: async (line) => {
      const values = await Promise.all(addresses.map(({ http_url: url = '' }) => readMetric(url, line)));
      return values.reduce((sum, value) => sum + value, 0);
    },
  };
}

async function readMetrics(httpUrl: string): Promise<string> {
  return (await fetch(`${httpUrl}/metrics`)).text();
}

async function readMetric(httpUrl: string, line: string): Promise<number> {
  const text = await readMetrics(httpUrl);
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
