import { findInstalled, isExecutable } from '../process/find-installed.ts';

const VARIABLE = 'VALKEY_SERVER_PATH';

/** Path of a Valkey or Redis 7 server: what the variable names, else what the path holds, Valkey first. Throws with what to install. */
export function findValkeyServer(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment[VARIABLE] ?? '';
  const found =
    given === '' ? findInstalled(['valkey-server', 'redis-server'], environment) : [given].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    `No Valkey or Redis server was found. Install one (Debian: apt-get install redis-server), or set ${VARIABLE}.`,
  );
}
