import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '../raw-socket/wait-until.ts';
import { hasEnded } from '../process/end-process.ts';
import { startServerProcess } from '../process/server-process.ts';
import type { ServerProcess } from '../process/server-process.ts';
import { findNatsServer } from './find-nats-server.ts';
import type { NatsRelease } from './nats-releases.ts';

/** What a NATS server for a test can be given. */
export interface NatsServerOptions {
  /** More lines of its configuration file, such as `authorization` or `max_payload`. */
  readonly config?: string;
  /** Keep streams and buckets, in a folder that lives as long as the server. Default false. */
  readonly jetstream?: boolean;
  /** Default `packaged`. */
  readonly release?: NatsRelease;
}

/** A real NATS server on a loopback port, and what can befall it. */
export interface NatsServer extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** Where JetStream keeps what it stores. */
  readonly storeDir: string;
}

const START_TIMEOUT_MS = 10_000;

/**
 * Starts a NATS server on a free port with a temporary folder and waits until it answers. Neither process nor folder
 * outlives the test process, even if that one is killed. Throws with the server's own log when it does not start.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findNatsServer(options.release ?? 'packaged');
  let port = -1;
  let storeDir = '';
  const server = await startServerProcess({
    name: 'nats',
    spawn: (folder, stdio) => {
      const path = join(folder, 'nats.conf');
      writeFileSync(path, configText(folder, port, options));
      return spawn(program, ['-c', path], { stdio });
    },
    whenStarted: async (started, folder, log) => {
      port = await whenStarted(started, folder, port, log);
      storeDir = join(folder, 'store');
    },
  });
  return { ...server, url: `nats://127.0.0.1:${port}`, port, storeDir };
}

function configText(folder: string, port: number, { config = '', jetstream = false }: NatsServerOptions): string {
  const lines = [`listen: "127.0.0.1:${port}"`, `ports_file_dir: ${JSON.stringify(folder)}`];
  if (jetstream) lines.push(`jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`);
  return [...lines, config, ''].join('\n');
}

/** The port it listens on, once it greets there. */
async function whenStarted(
  server: ChildProcess,
  folder: string,
  knownPort: number,
  log: () => string,
): Promise<number> {
  let port = knownPort > 0 ? knownPort : undefined;
  await waitUntil(() => hasEnded(server) || (port ??= readPort(folder, server.pid)) !== undefined, {
    what: 'the port of the NATS server',
    timeoutMs: START_TIMEOUT_MS,
  });
  while (port !== undefined && !hasEnded(server)) {
    if (await greets(port)) return port;
  }
  throw new Error(`nats-server ended:\n${log()}`);
}

/** From the file that the server writes itself: it chose a free port, so nobody can have taken it meanwhile. */
function readPort(folder: string, pid: number | undefined): number | undefined {
  const file = readdirSync(folder).find((name) => name.endsWith(`_${pid}.ports`));
  if (file === undefined) return undefined;
  const found = /nats:\/\/127\.0\.0\.1:(\d+)/.exec(readFileSync(join(folder, file), 'utf8'));
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
