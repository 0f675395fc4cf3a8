import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createTokens } from '../tokens/test-tokens.ts';
import type { TestTokens } from '../tokens/test-tokens.ts';
import { startCluster } from './start-cluster.ts';
import type { Cluster } from './start-cluster.ts';

/** What `npm run cluster` is told. */
interface Order {
  readonly shields: number;
  readonly brains: number;
  readonly asJson: boolean;
}

const ROOMS = { science: ['general', 'explore', 'hypothesize', 'design', 'execute', 'interpret', 'share'] };
const TENANT = 'dev';
const ARQON = fileURLToPath(new URL('../../../cli/dist/arqon.mjs', import.meta.url));
const DAY_S = 86_400;

/** Starts Shields, Brains, NATS and Postgres on free ports of this machine, says where they are, and runs until it is told to end. */
export async function runCluster(args: readonly string[]): Promise<void> {
  const { shields, brains, asJson } = parseOrder(args);
  const tokens = createTokens();
  const cluster = await startCluster({
    programs: { shield: programOf('shield'), brain: programOf('brain'), bridge: programOf('bridge'), arqon: ARQON },
    shields,
    brains,
    bridges: 1,
    env: {
      ARQONBUS_AUTH_JWT_SECRET: tokens.secret,
      ARQONBUS_BOOTSTRAP_ROOMS: JSON.stringify(ROOMS),
      ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: '1000',
      ARQONBUS_LOG_ID_KEY: randomBytes(32).toString('hex'),
      ARQONBUS_LOG_STREAM_MAX_BYTES: '268435456',
      ARQONBUS_WEBHOOKS_SECRET_KEY: randomBytes(32).toString('hex'),
      // A receiver that somebody tries them with is on this machine.
      ARQONBUS_WEBHOOKS_ALLOW_HTTP: 'true',
      ARQONBUS_WEBHOOKS_ALLOW_PRIVATE: '127.0.0.0/8,::1',
      ARQONBUS_WEBHOOKS_PORTS: '*',
      ...process.env,
    },
  });
  endOnSignal(cluster);
  process.stdout.write(asJson ? `${JSON.stringify(describe(cluster, tokens))}\n` : print(cluster, tokens));
}

function parseOrder(args: readonly string[]): Order {
  const count = { type: 'string', default: '2' } as const;
  const options = { shields: count, brains: count, json: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: [...args], options, strict: true });
  const order = { shields: Number(values.shields), brains: Number(values.brains), asJson: values.json };
  for (const number of [order.shields, order.brains]) {
    if (!Number.isInteger(number) || number < 1 || number > 16) throw new Error('--shields and --brains are 1 to 16.');
  }
  return order;
}

function programOf(service: 'shield' | 'brain' | 'bridge'): string {
  return fileURLToPath(new URL(`../../../../services/${service}/dist/${service}.mjs`, import.meta.url));
}

function describe({ nats, postgres, shields, brains, bridges }: Cluster, tokens: TestTokens): object {
  return {
    nats_url: nats.url,
    postgres: { port: postgres?.port, pid: postgres?.pid() },
    shields: shields.map((shield) => ({ ...shield.addresses(), pid: shield.pid })),
    brains: brains.map((brain) => ({ ...brain.addresses(), pid: brain.pid })),
    bridges: bridges.map((bridge) => ({ ...bridge.addresses(), pid: bridge.pid })),
    token: tokenOf(tokens, 'user'),
    admin_token: tokenOf(tokens, 'admin'),
    jwt_secret: tokens.secret,
  };
}

function tokenOf(tokens: TestTokens, role: 'user' | 'admin'): string {
  const exp = Math.floor(Date.now() / 1_000) + DAY_S;
  return tokens.sign('HS256', { sub: `dev-${role}`, tenant_id: TENANT, role, exp });
}

function print({ nats, postgres, shields, brains, bridges }: Cluster, tokens: TestTokens): string {
  const token = tokenOf(tokens, 'user');
  const page = new URL('../../../cli/dist/chat.html', import.meta.url).href;
  const chatOf = (wsUrl: string): string =>
    `${page}#${new URLSearchParams({ ws: wsUrl, token, room: 'science:general' }).toString()}`;
  const rows = [...shields, ...brains].map((service) => {
    const { ws_url: wsUrl = '', http_url: httpUrl = '' } = service.addresses();
    return `  ${service.name.padEnd(10)} ${wsUrl === '' ? '' : `${wsUrl}   `}${httpUrl}/health   pid ${service.pid}`;
  });
  const servers = bridges.map(
    ({ name, pid, addresses }) =>
      `  ${name.padEnd(10)} ${addresses()['bridge_url'] ?? ''}/v1/openapi.json   pid ${pid}`,
  );
  return `${[
    'ArqonBus is running as a cluster.',
    '',
    `  ${'nats'.padEnd(10)} ${nats.url}`,
    `  ${'postgres'.padEnd(10)} 127.0.0.1:${postgres?.port ?? ''}   pid ${postgres?.pid() ?? ''}`,
    ...rows,
    ...servers,
    '',
    `  User token   ${token}`,
    `  Admin token  ${tokenOf(tokens, 'admin')}`,
    '',
    '  Chat between two Shields, one address in each of two browser tabs:',
    ...shields.map((shield) => `  ${chatOf(shield.addresses()['ws_url'] ?? '')}`),
    '',
    'Kill any process and see. Ctrl-C ends it all, and what the log holds.',
  ].join('\n')}\n`;
}

function endOnSignal(cluster: Cluster): void {
  const end = (): void => {
    cluster.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGINT', end).once('SIGTERM', end);
}
