import { fileURLToPath } from 'node:url';
import { ARQON_SETTINGS, profilingArgs } from './arqon-settings.ts';
import { startChild } from './child.ts';
import { createAdminToken, createTokenSource } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import type { ProcessUsage } from './probe-process.ts';

/** A server under test: ours, or one of the yardsticks. */
export type ServerKind = 'arqon' | 'uws' | 'ws' | 'socket.io';

/** A server in a process of its own. */
export interface Server extends Endpoint {
  readonly kind: ServerKind;
  readonly pid: number;
  /** Of an administrator of the tenant that all clients are of; empty where the server asks for none. */
  readonly adminToken: string;
  /** Of JSON: what it said when it had started. */
  readonly firstLine: string;
  usage(): Promise<ProcessUsage>;
  /** What is used once garbage has been collected. */
  settledUsage(): Promise<ProcessUsage>;
  stop(): Promise<void>;
}

const PROBE = besideMain('probe-process.mjs');

const files: Readonly<Record<ServerKind, string>> = {
  arqon: fileURLToPath(new URL('../../packages/cli/dist/arqon.mjs', import.meta.url)),
  uws: besideMain('uws-process.mjs'),
  ws: besideMain('ws-process.mjs'),
  'socket.io': besideMain('socket-io-process.mjs'),
};

/**
 * Starts a server and waits until it listens. `profileFolder` = write a CPU profile there when it ends; `settings` are
 * laid over those of ours.
 */
export async function startServer(
  kind: ServerKind,
  profileFolder?: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = startChild({
    file: (kind === 'arqon' ? process.env['BENCH_ARQON_BUNDLE'] : undefined) ?? files[kind],
    args: kind === 'arqon' ? ['dev', '--port', '0', '--json'] : [],
    nodeArgs: ['--expose-gc', '--import', PROBE, ...(kind === 'arqon' ? profilingArgs(profileFolder) : [])],
    env: kind === 'arqon' ? { ...ARQON_SETTINGS, ...settings } : {},
  });
  const line = await child.firstLine;
  if (line === '') throw new Error(`the server ${kind} did not start`);
  const description = JSON.parse(line) as {
    readonly ws_url: string;
    readonly jwt_secret?: string;
  };
  return {
    kind,
    pid: child.pid,
    firstLine: line,
    adminToken: await createAdminToken(description.jwt_secret),
    port: Number(new URL(description.ws_url).port),
    tokens: createTokenSource(description.jwt_secret),
    usage: () => child.call('usage'),
    settledUsage: () => child.call('settledUsage'),
    stop: () => child.stop(),
  };
}

function besideMain(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
