import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts servers; not always on an ordinary user's path. */
const PLACES = ['/usr/sbin', '/usr/local/sbin'];

/**
 * Path of the nats-server program: `NATS_SERVER_PATH` where it is set, else what the path holds. Throws with what to
 * install when there is none.
 */
export function findNatsServer(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment['NATS_SERVER_PATH'] ?? '';
  const folders = [...(environment['PATH'] ?? '').split(delimiter), ...PLACES];
  const candidates = given === '' ? folders.map((folder) => join(folder, 'nats-server')) : [given];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(
    'nats-server was not found. Install it (Debian: apt-get install nats-server), or set NATS_SERVER_PATH.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
