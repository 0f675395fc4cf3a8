import { randomBytes } from 'node:crypto';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { TokenOrder } from '@arqonbus/auth';
import { connectRaw, startChaosProxy, startCluster } from '@arqonbus/testkit';
import type { ChaosProxy, Cluster, ClusterOptions, PostgresChoice, RawSocket } from '@arqonbus/testkit';
import { connectJson } from '../../harness/json-client.ts';
import { roomyLimits } from '../../harness/roomy-limits.ts';
import { developmentSettings, programs } from '../../harness/start-cluster-servers.ts';
import { followClient } from './followed-client.ts';
import type { FollowedClient } from './followed-client.ts';

// What these drills are about holds for channels without a log; only where it says so is one kept.
const LIVE = {
  ARQONBUS_LOG_RULES: JSON.stringify([
    { pattern: 'logged:*', profile: 'default' },
    { pattern: '*:*', profile: 'live' },
  ]),
};

/** A cluster whose single parts a test may harm. */
export interface FaultCluster extends Cluster {
  /** Before NATS; the last Shield alone goes through it. */
  readonly spineProxy: ChaosProxy;
  /** Where clients of this Shield connect. */
  port(shield: number): number;
  /** Of the telemetry stream. */
  telemetryPort(shield: number): number;
  token(order?: Partial<TokenOrder>): Promise<string>;
  /** Connects to this Shield; default: as user `alice` of tenant `acme`. */
  connect(shield: number, order?: Partial<TokenOrder>): Promise<FollowedClient>;
  /** Tries to connect and gives the answer to the handshake, which may be a refusal. */
  knock(shield: number, order?: Partial<TokenOrder>): Promise<RawSocket>;
  health(shield: number, what: 'live' | 'ready'): Promise<Health>;
  /** The value of one metric line, labels as written; 0 where it is not there. */
  metric(shield: number, line: string): Promise<number>;
  /** All metrics as they are scraped. */
  metrics(shield: number): Promise<string>;
  /** Starts the Shield again, on a free port where no other is asked for; `env` is laid over its settings. */
  restartShield(number: number, onPort?: number, env?: Readonly<Record<string, string>>): Promise<void>;
}

/** An answer of the admin port. */
export interface Health {
  readonly code: number;
  readonly status: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** Which NATS there is, and how it is reached. */
export interface FaultNatsOptions extends Pick<ClusterOptions, 'natsNodes' | 'natsRelease' | 'envOf'> {
  /** Without the proxy before the last Shield. Default false. */
  readonly isDirect?: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * Two Shields, two Brains, NATS and Postgres (`own` where it is to be harmed); the second Shield reaches NATS through a
 * proxy, where there are several the last one. `natsConfig`: more of its lines.
 */
export async function startFaultCluster(
  env: Readonly<Record<string, string>> = {},
  natsConfig = '',
  postgres: PostgresChoice = 'shared',
  { isDirect = false, ...nats }: FaultNatsOptions = {},
): Promise<FaultCluster> {
  const secret = randomBytes(32).toString('hex');
  const issuer = createDevelopmentIssuer({ secret, now: Date.now });
  const settings = { ...developmentSettings(secret), ...roomyLimits, ...LIVE, ...env };
  const cluster = await startCluster({
    programs,
    postgres,
    shields: 1,
    brains: 2,
    env: settings,
    natsConfig,
    ...nats,
  });
  const spineProxy = await startChaosProxy({ targetPort: (cluster.natsCluster.nodes.at(-1) ?? cluster.nats).port });
  const behindProxy = isDirect ? {} : { ARQONBUS_NATS_URL: `nats://127.0.0.1:${spineProxy.port}` };
  await cluster.startShield(1, behindProxy);

  const urlOf = (shield: number, name: string): string => cluster.shields[shield]?.addresses()[name] ?? '';
  const portOf = (shield: number, name: string): number => Number(new URL(urlOf(shield, name)).port);
  const port = (shield: number): number => portOf(shield, 'ws_url');
  const token = (order: Partial<TokenOrder> = {}): Promise<string> =>
    issuer.issue({ tenant: 'acme', user: 'alice', role: 'user', ttlMs: HOUR_MS, ...order });
  const metrics = async (shield: number): Promise<string> =>
    (await fetch(`${urlOf(shield, 'http_url')}/metrics`)).text();
  return {
    ...cluster,
    spineProxy,
    port,
    telemetryPort: (shield) => portOf(shield, 'telemetry_url'),
    token,
    connect: async (shield, order) =>
      followClient(await connectJson({ port: port(shield), token: await token(order), answerPings: true })),
    knock: async (shield, order) =>
      connectRaw({ port: port(shield), headers: { authorization: `Bearer ${await token(order)}` } }),
    health: (shield, what) => readHealth(`${urlOf(shield, 'http_url')}/health/${what}`),
    metrics,
    metric: async (shield, line) => {
      const found = (await metrics(shield)).split('\n').find((candidate) => candidate.startsWith(`${line} `));
      return found === undefined ? 0 : Number(found.slice(line.length + 1));
    },
    restartShield: async (number, onPort = 0, more = {}) => {
      const own = { ...more, ARQONBUS_SERVER_PORT: String(onPort) };
      await cluster.startShield(number, number === 1 ? { ...behindProxy, ...own } : own);
    },
    stop: () => endAll(cluster.stop, spineProxy),
    kill: () => endAll(cluster.kill, spineProxy),
  };
}

async function endAll(end: () => Promise<void>, proxy: ChaosProxy): Promise<void> {
  proxy.heal();
  await end();
  await proxy.stop();
}

async function readHealth(url: string): Promise<Health> {
  const answer = await fetch(url);
  const { status = '', checks = {} } = (await answer.json()) as Partial<Health>;
  return { code: answer.status, status, checks };
}
