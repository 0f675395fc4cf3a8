import { fileURLToPath } from 'node:url';
import { createDevelopmentIssuer } from '@arqonbus/auth';
import type { DevelopmentIssuer, Permission } from '@arqonbus/auth';
import { startChild } from './child.ts';
import type { ProcessUsage } from './probe-process.ts';

/** A server under test: ours, or one of the yardsticks. */
export type ServerKind = 'arqon' | 'uws' | 'ws' | 'socket.io';

/** A server in a process of its own. */
export interface Server {
  readonly kind: ServerKind;
  readonly port: number;
  /** Tokens of this many users; none where the server asks for none. With a grant they publish without joining (PRT-16). */
  tokens(count: number, hasPublishGrant?: boolean): Promise<readonly string[]>;
  usage(): Promise<ProcessUsage>;
  /** What is used once garbage has been collected. */
  settledUsage(): Promise<ProcessUsage>;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const PROBE = besideMain('probe-process.mjs');

const files: Readonly<Record<ServerKind, string>> = {
  arqon: fileURLToPath(new URL('../../packages/cli/dist/arqon.mjs', import.meta.url)),
  uws: besideMain('uws-process.mjs'),
  ws: besideMain('ws-process.mjs'),
  'socket.io': besideMain('socket-io-process.mjs'),
};

/** Every limit that one load generator behind one address would run into; `live:*` has no log, everything else the default one. */
const ARQON_ENV: Readonly<Record<string, string>> = {
  ARQONBUS_TELEMETRY_LOG_LEVEL: 'error',
  ARQONBUS_LOG_RULES: '[{"pattern": "live:*", "profile": "live"}, {"pattern": "*:*", "profile": "default"}]',
  ARQONBUS_LIMITS_MESSAGES_PER_SECOND: '1000000',
  ARQONBUS_LIMITS_MESSAGES_BURST: '1000000',
  ARQONBUS_LIMITS_BYTES_PER_SECOND: '1073741824',
  ARQONBUS_LIMITS_COMMANDS_PER_SECOND: '100000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_USER: '1000000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_IP: '1000000',
  ARQONBUS_LIMITS_CONNECTIONS_PER_TENANT: '1000000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_PER_SECOND: '100000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_BURST: '100000',
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_SECOND: '100000',
  ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: '100000000',
  ARQONBUS_LIMITS_BYTES_PER_TENANT_PER_SECOND: '1073741824',
  ARQONBUS_LIMITS_OUTBOUND_BUFFER_BYTES: '67108864',
};

/** Starts a server and waits until it listens. `profileFolder` = write a CPU profile there when it ends. */
export async function startServer(kind: ServerKind, profileFolder?: string): Promise<Server> {
  const profiling =
    profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--cpu-prof-interval=200'];
  const child = startChild({
    file: (kind === 'arqon' ? process.env['BENCH_ARQON_BUNDLE'] : undefined) ?? files[kind],
    args: kind === 'arqon' ? ['dev', '--port', '0', '--json'] : [],
    nodeArgs: ['--expose-gc', '--import', PROBE, ...(kind === 'arqon' ? profiling : [])],
    env: kind === 'arqon' ? ARQON_ENV : {},
  });
  const line = await child.firstLine;
  if (line === '') throw new Error(`the server ${kind} did not start`);
  const description = JSON.parse(line) as { readonly ws_url: string; readonly jwt_secret?: string };
  const issuer =
    description.jwt_secret === undefined
      ? undefined
      : createDevelopmentIssuer({ secret: description.jwt_secret, now: Date.now });
  return {
    kind,
    port: Number(new URL(description.ws_url).port),
    tokens: (count, hasPublishGrant = false) => issueTokens(issuer, count, hasPublishGrant),
    usage: () => child.call('usage'),
    settledUsage: () => child.call('settledUsage'),
    stop: () => child.stop(),
  };
}

async function issueTokens(
  issuer: DevelopmentIssuer | undefined,
  count: number,
  hasPublishGrant: boolean,
): Promise<readonly string[]> {
  if (issuer === undefined) return [];
  const grants: readonly Permission[] = [{ action: 'publish', pattern: '*:*', effect: 'allow' }];
  const order = {
    tenant: 'acme',
    role: 'user',
    ttlMs: HOUR_MS,
    ...(hasPublishGrant ? { permissions: grants } : {}),
  } as const;
  const users = Array.from({ length: count }, (_, index) => `user-${String(index).padStart(6, '0')}`);
  return Promise.all(users.map((user) => issuer.issue({ ...order, user })));
}

function besideMain(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
