import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard } from '../nats-server/create-guard.ts';
import { endProcess } from '../process/end-process.ts';
import { freePort } from '../raw-socket/free-port.ts';
import { waitUntil } from '../raw-socket/wait-until.ts';
import type { TestCertificate } from '../tls/create-test-certificate.ts';
import { findValkeyServer } from './find-valkey-server.ts';
import { sendCommand } from './send-command.ts';

/** What a Valkey server for a test can be given. */
export interface ValkeyServerOptions {
  /** More lines of its configuration file. */
  readonly config?: string;
  /** Lines of its file of users. One more is added for the test itself, and for replicas. */
  readonly users?: string;
  /** Keeps what it holds over restarts: every write is on disk before it is answered. Default false. */
  readonly persistent?: boolean;
  /** Speaks TLS alone, with this certificate and key; {@link ValkeyServer.command} cannot be used then. */
  readonly tls?: TestCertificate;
  /** Copies another server. */
  readonly replicaOf?: Pick<ValkeyServer, 'port'>;
}

/** A real Valkey or Redis 7 server on a loopback port, and what can befall it. */
export interface ValkeyServer {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now; 0 = none does. */
  pid(): number;
  /** Sends one command and gives the answer as text; an error answer rejects. */
  command(...words: readonly string[]): Promise<string>;
  /** Makes a replica a server of its own, as a failover does. */
  promote(): Promise<void>;
  /** Ends it and removes its folder. Idempotent; nothing else may be called afterwards. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does; its folder and port stay for {@link restart}. */
  kill(): Promise<void>;
  /** Ends it in order, if it runs, and starts it again on its port: empty, unless it is persistent. */
  restart(): Promise<void>;
  /** Stops its clock: connections stay open, nothing is answered. */
  suspend(): void;
  /** Lets it go on after {@link suspend}. */
  resume(): void;
}

const START_TIMEOUT_MS = 10_000;
/** Who tests are, where there are users. */
const OPERATOR = { user: 'operator', password: 'operator-of-tests' };

/**
 * Starts a server on a free port with a temporary folder and waits until it answers. Neither process nor folder outlives
 * the test process, even if that one is killed. Throws with the server's own log when it does not start.
 */
export async function startValkeyServer(options: ValkeyServerOptions = {}): Promise<ValkeyServer> {
  const program = findValkeyServer();
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-valkey-'));
  const guard = createGuard(folder);
  const port = await freePort();
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const log = openSync(join(folder, 'valkey.log'), 'a');
    const started = spawn(program, [writeConfig(folder, port, options)], { stdio: ['ignore', log, log] });
    closeSync(log);
    child = started;
    guard.watch(started.pid);
    await whenStarted(started, folder, port);
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
  const auth = options.users === undefined ? undefined : OPERATOR;
  const command = (...words: readonly string[]): Promise<string> => sendCommand(port, words, auth);
  return {
    url: `${options.tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    port,
    pid: () => child?.pid ?? 0,
    command,
    promote: async () => void (await command('REPLICAOF', 'NO', 'ONE')),
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

function writeConfig(folder: string, port: number, options: ValkeyServerOptions): string {
  const { config = '', users, persistent = false, replicaOf, tls } = options;
  const lines = [
    'bind 127.0.0.1',
    ...(tls === undefined ? [`port ${port}`] : tlsLines(folder, port, tls)),
    `dir ${folder}`,
    'save ""',
    'repl-diskless-sync-delay 0',
    'enable-debug-command local',
    persistent ? 'appendonly yes\nappendfsync always' : 'appendonly no',
  ];
  if (replicaOf !== undefined) lines.push(`replicaof 127.0.0.1 ${replicaOf.port}`);
  if (users !== undefined) {
    const { user, password } = OPERATOR;
    writeFileSync(join(folder, 'users.acl'), `${users}\nuser ${user} on >${password} ~* &* +@all\n`);
    lines.push(`aclfile ${join(folder, 'users.acl')}`, `masteruser ${user}`, `masterauth ${password}`);
  }
  const path = join(folder, 'valkey.conf');
  writeFileSync(path, [...lines, config, ''].join('\n'));
  return path;
}

function tlsLines(folder: string, port: number, { cert, key }: TestCertificate): readonly string[] {
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const files = [`tls-cert-file ${certFile}`, `tls-key-file ${keyFile}`, `tls-ca-cert-file ${certFile}`];
  return ['port 0', `tls-port ${port}`, ...files, 'tls-auth-clients no'];
}

/** It says so in its log; a client might not be let in. */
async function whenStarted(server: ChildProcess, folder: string, port: number): Promise<void> {
  const started = server.pid;
  const log = (): string => readFileSync(join(folder, 'valkey.log'), 'utf8');
  const ready = new RegExp(`^${started}:.*Ready to accept connections`, 'm');
  const hasEnded = (): boolean => server.exitCode !== null || server.signalCode !== null;
  await waitUntil(() => hasEnded() || ready.test(log()), {
    what: `the Valkey server on port ${port}`,
    timeoutMs: START_TIMEOUT_MS,
  });
  if (hasEnded()) throw new Error(`the Valkey server ended:\n${log()}`);
}
