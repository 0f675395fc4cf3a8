import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startServerProcess } from '../process/server-process.ts';
import type { ServerProcess } from '../process/server-process.ts';
import { freePort } from '../raw-socket/free-port.ts';
import { findPostgres } from './find-postgres.ts';
import { ordinaryUser } from './ordinary-user.ts';
import { runAsAdministrator, whenAnswering, withoutPostgresSettings } from './start-postgres-server.ts';
import type { PostgresServer } from './start-postgres-server.ts';

/** A copy of a Postgres that follows it, until it is promoted. */
export interface PostgresStandby extends ServerProcess {
  readonly port: number;
  /** From now on it is a server of its own, and writes. */
  promote(): Promise<void>;
}

/**
 * Starts a standby of a server, which from then on answers a commit only once the standby has it: nothing that was committed is lost
 * with the server.
 */
export async function startStandby(primary: PostgresServer): Promise<PostgresStandby> {
  const programs = findPostgres();
  const user = ordinaryUser();
  const env = withoutPostgresSettings(process.env);
  const port = await freePort();
  const server = await startServerProcess({
    name: 'postgres-standby',
    prepare: (folder) => {
      if (user !== undefined) chownSync(folder, user.uid, user.gid);
      const data = join(folder, 'data');
      const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres'];
      const copy = [...from, '-D', data, '-R', '-X', 'stream', '--checkpoint=fast', '--no-sync'];
      // Beside the server itself, which may be known by a link.
      const program = join(dirname(realpathSync(programs.postgres)), 'pg_basebackup');
      execFileSync(program, copy, { stdio: 'pipe', cwd: folder, env, ...user });
      // The last line of a name wins: the rest is as the primary has it.
      const own = `port = ${port}\nunix_socket_directories = '${folder}'\n`;
      appendFileSync(join(data, 'postgresql.auto.conf'), own);
    },
    spawn: (folder, stdio) =>
      spawn(programs.postgres, ['-D', join(folder, 'data')], { stdio, cwd: folder, env, ...user }),
    whenStarted: (started, _folder, log) => whenAnswering(started, port, log),
    stopSignal: 'SIGQUIT',
  });
  await runAsAdministrator(primary.port, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await runAsAdministrator(primary.port, 'SELECT pg_reload_conf()');
  return {
    ...server,
    port,
    promote: async () => {
      await runAsAdministrator(port, 'SELECT pg_promote()');
      // It has nobody to wait for.
      await runAsAdministrator(port, 'ALTER SYSTEM RESET synchronous_standby_names');
      await runAsAdministrator(port, 'SELECT pg_reload_conf()');
    },
  };
}
