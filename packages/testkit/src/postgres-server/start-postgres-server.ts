import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { hasEnded } from '../process/end-process.ts';
import { startServerProcess } from '../process/server-process.ts';
import type { ServerProcess } from '../process/server-process.ts';
import { freePort } from '../raw-socket/free-port.ts';
import { createPostgresDatabase } from './create-database.ts';
import type { PostgresDatabase } from './create-database.ts';
import { findPostgres } from './find-postgres.ts';
import { ordinaryUser } from './ordinary-user.ts';

/** A real Postgres on a loopback port, with the roles of `deploy/postgres/roles.sql`, and what can befall it. */
export interface PostgresServer extends ServerProcess {
  readonly port: number;
  /** Makes an empty database that is the owner role's. */
  createDatabase(): Promise<PostgresDatabase>;
}

const START_TIMEOUT_MS = 20_000;
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
  const port = await freePort();
  const server = await startServerProcess({
    name: 'postgres',
    prepare: (folder) => {
      if (user !== undefined) chownSync(folder, user.uid, user.gid);
      const data = join(folder, 'data');
      const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'];
      execFileSync(programs.initdb, initdb, { stdio: 'pipe', cwd: folder, env, ...user });
      writeFileSync(join(data, 'postgresql.auto.conf'), configText(port, folder));
    },
    spawn: (folder, stdio) =>
      spawn(programs.postgres, ['-D', join(folder, 'data')], { stdio, cwd: folder, env, ...user }),
    whenStarted: (started, _folder, log) => whenAnswering(started, port, log),
    whenFirstStarted: () => runAsAdministrator(port, readFileSync(ROLES, 'utf8')),
    // Not waiting for who is connected.
    restartSignal: 'SIGINT',
    stopSignal: 'SIGQUIT',
  });
  return { ...server, port, createDatabase: () => createPostgresDatabase(port) };
}

/** What somebody has set for a server of their own. */
export function withoutPostgresSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
export async function whenAnswering(server: ChildProcess, port: number, log: () => string): Promise<void> {
  const giveUpAt = performance.now() + START_TIMEOUT_MS;
  let last: unknown;
  while (!hasEnded(server) && performance.now() < giveUpAt) {
    try {
      await runAsAdministrator(port, 'SELECT 1');
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  throw new Error(`Postgres did not start:\n${log()}`, { cause: last });
}

/** Runs statements as the administrator of the server with this port. */
export async function runAsAdministrator(port: number, sql: string): Promise<void> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
