import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { createGuard } from '../nats-server/create-guard.ts';
import { freePort } from '../raw-socket/free-port.ts';
import { createPostgresDatabase } from './create-database.ts';
import type { PostgresDatabase } from './create-database.ts';
import { findPostgres } from './find-postgres.ts';
import { ordinaryUser } from './ordinary-user.ts';

/** A real Postgres on a loopback port, with the roles of `deploy/postgres/roles.sql`, and what can befall it. */
export interface PostgresServer {
  readonly port: number;
  /** Of the process that runs now; 0 = none does. */
  pid(): number;
  /** Makes an empty database that is the owner role's. */
  createDatabase(): Promise<PostgresDatabase>;
  /** Ends it and removes its folder. Idempotent; nothing else may be called afterwards. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash does; its folder and port stay for {@link restart}. */
  kill(): Promise<void>;
  /** Ends it in order, if it runs, and starts it again on the same port and folder. */
  restart(): Promise<void>;
  /** Stops the clock of the process that lets connections in: nobody new is answered. */
  suspend(): void;
  /** Lets it go on after {@link suspend}. */
  resume(): void;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 200;
const ROLES = new URL('../../../../deploy/postgres/roles.sql', import.meta.url);

/**
 * Starts Postgres on a free port with a temporary folder and waits until it answers. It is as fast as it can be, so it
 * does not survive a loss of power; that of its process it does. Neither process nor folder outlives the test process.
 * Throws with the server's own log when it does not start.
 */
export async function startPostgresServer(): Promise<PostgresServer> {
  const programs = findPostgres();
  const user = ordinaryUser();
  const env = withoutPostgresSettings(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'arqonbus-postgres-'));
  const guard = createGuard(folder);
  const data = join(folder, 'data');
  let child: ChildProcess | undefined;
  const port = await freePort();

  const start = async (): Promise<void> => {
    const log = openSync(join(folder, 'postgres.log'), 'a');
    const started = spawn(programs.postgres, ['-D', data], { stdio: ['ignore', log, log], cwd: folder, env, ...user });
    closeSync(log);
    child = started;
    guard.watch(started.pid);
    await whenAnswering(started, port, folder);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined) return;
    await endProcess(child, signal);
    child = undefined;
    guard.watch(undefined);
  };

  try {
    if (user !== undefined) chownSync(folder, user.uid, user.gid);
    const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
    execFileSync(programs.initdb, initdb, { stdio: 'pipe', cwd: folder, env, ...user });
    writeFileSync(join(data, 'postgresql.auto.conf'), configText(port, folder));
    await start();
    await run(port, readFileSync(ROLES, 'utf8'));
  } catch (error) {
    await guard.end();
    throw error;
  }
  return {
    port,
    pid: () => child?.pid ?? 0,
    createDatabase: () => createPostgresDatabase(port),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGINT');
      await start();
    },
    async stop() {
      await end('SIGQUIT');
      await guard.end();
    },
    suspend: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}

/** What somebody has set for a server of their own. */
function withoutPostgresSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('PG')));
}

function configText(port: number, folder: string): string {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    max_connections: MAX_CONNECTIONS,
    shared_buffers: '16MB',
    fsync: 'off',
    full_page_writes: 'off',
    autovacuum: 'off',
    // A crash must not leave shared memory that a restart on the same folder refuses.
    dynamic_shared_memory_type: 'mmap',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('');
}

/** Resolves when it takes connections. */
async function whenAnswering(server: ChildProcess, port: number, folder: string): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  let last: unknown;
  while (server.exitCode === null && server.signalCode === null && performance.now() < giveUpAt) {
    try {
      await run(port, 'SELECT 1');
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error(`Postgres did not start:\n${readFileSync(join(folder, 'postgres.log'), 'utf8')}`, { cause: last });
}

async function run(port: number, sql: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Ends a process that may be suspended; kills it if it takes too long. */
async function endProcess(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGCONT');
  server.kill(signal);
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}
