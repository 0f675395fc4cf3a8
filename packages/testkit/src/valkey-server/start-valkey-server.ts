import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasEnded } from '../process/end-process.ts';
import { startServerProcess } from '../process/server-process.ts';
import type { ServerProcess } from '../process/server-process.ts';
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
export interface ValkeyServer extends ServerProcess {
  readonly url: string;
  readonly port: number;
  /** Sends one command and gives the answer as text; an error answer rejects. */
  command(...words: readonly string[]): Promise<string>;
  /** Makes a replica a server of its own, as a failover does. */
  promote(): Promise<void>;
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
  const port = await freePort();
  const server = await startServerProcess({
    name: 'valkey',
    spawn: (folder, stdio) => spawn(program, [writeConfig(folder, port, options)], { stdio }),
    whenStarted: (started, _folder, log) => whenStarted(started, port, log),
  });
  const auth = options.users === undefined ? undefined : OPERATOR;
  const command = (...words: readonly string[]): Promise<string> => sendCommand(port, words, auth);
  return {
    ...server,
    url: `${options.tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}`,
    port,
    command,
    promote: async () => void (await command('REPLICAOF', 'NO', 'ONE')),
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
async function whenStarted(server: ChildProcess, port: number, log: () => string): Promise<void> {
  const ready = new RegExp(`^${server.pid}:.*Ready to accept connections`, 'm');
  await waitUntil(() => hasEnded(server) || ready.test(log()), {
    what: `the Valkey server on port ${port}`,
    timeoutMs: START_TIMEOUT_MS,
  });
  if (hasEnded(server)) throw new Error(`the Valkey server ended:\n${log()}`);
}
