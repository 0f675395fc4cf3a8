import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../raw-socket/wait-until.ts';
import { endProcess } from '../process/end-process.ts';
import { createGuard } from './create-guard.ts';
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
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now; 0 = none does. */
  pid(): number;
  /** Ends it and removes its folder. Idempotent; nothing else may be called afterwards. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does; its folder and port stay for {@link restart}. */
  kill(): Promise<void>;
  /** Ends it in order, if it runs, and starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Stops its clock: connections stay open, nothing is answered. */
  suspend(): void;
  /** Lets it go on after {@link suspend}. */
  resume(): void;
}

const START_TIMEOUT_MS = 10_000;

/**
 * Starts a NATS server on a free port with a temporary folder and waits until it answers. Neither process nor folder
 * outlives the test process, even if that one is killed. Throws with the server's own log when it does not start.
 */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findNatsServer(options.release ?? 'packaged');
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-nats-'));
  const guard = createGuard(folder);
  let child: ChildProcess | undefined;
  let port = -1;

  const start = async (): Promise<void> => {
    writeFileSync(join(folder, 'nats.conf'), configText(folder, port, options));
    const log = openSync(join(folder, 'nats.log'), 'a');
    const started = spawn(program, ['-c', join(folder, 'nats.conf')], { stdio: ['ignore', log, log] });
    closeSync(log);
    child = started;
    guard.watch(started.pid);
    port = await whenStarted(started, folder, port);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    await endProcess(child, signal);
    child = undefined;
    guard.watch(undefined);
  };

  try {
    await start();
  } catch (error) {
    await guard.end();
    throw error;
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: () => child?.pid ?? 0,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    async stop() {
      await end('SIGTERM');
      await guard.end();
    },
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

function configText(folder: string, port: number, { config = '', jetstream = false }: NatsServerOptions): string {
  const lines = [`listen: "127.0.0.1:${port}"`, `ports_file_dir: ${JSON.stringify(folder)}`];
  if (jetstream) lines.push(`jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`);
  return [...lines, config, ''].join('\n');
}

/** The port it listens on, once it greets there. */
async function whenStarted(server: ChildProcess, folder: string, knownPort: number): Promise<number> {
  const hasEnded = (): boolean => server.exitCode !== null || server.signalCode !== null;
  let port = knownPort > 0 ? knownPort : undefined;
  await waitUntil(() => hasEnded() || (port ??= readPort(folder, server.pid)) !== undefined, {
    what: 'the port of the NATS server',
    timeoutMs: START_TIMEOUT_MS,
  });
  while (port !== undefined && !hasEnded()) {
    if (await greets(port)) return port;
  }
  throw new Error(`nats-server ended:\n${readFileSync(join(folder, 'nats.log'), 'utf8')}`);
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
