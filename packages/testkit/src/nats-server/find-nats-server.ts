import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { natsVariables } from './nats-releases.ts';
import type { NatsRelease } from './nats-releases.ts';

/** Where Debian puts servers; not always on an ordinary user's path. */
const PLACES = ['/usr/sbin', '/usr/local/sbin'];

/**
 * Path of the nats-server program: what the release's variable names, else, for the packaged one, what the path holds.
 * Throws with what to install when there is none.
 */
export function findNatsServer(release: NatsRelease, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment[natsVariables[release]] ?? '';
  const candidates = given === '' ? installedAt(release, environment) : [given];
  const found = candidates.find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`nats-server (${release}) was not found. ${advice[release]}, or set ${natsVariables[release]}.`);
}

const advice: Readonly<Record<NatsRelease, string>> = {
  packaged: 'Install it (Debian: apt-get install nats-server)',
  newest: 'Build it (node scripts/ensure-newest-nats.mjs, which needs Go)',
};

function installedAt(release: NatsRelease, environment: NodeJS.ProcessEnv): readonly string[] {
  if (release === 'newest') return [];
  return [...(environment['PATH'] ?? '').split(delimiter), ...PLACES].map((folder) => join(folder, 'nats-server'));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
