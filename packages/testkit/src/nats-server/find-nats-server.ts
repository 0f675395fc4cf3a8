import { findInstalled, isExecutable } from '../process/find-installed.ts';
import { natsVariables } from './nats-releases.ts';
import type { NatsRelease } from './nats-releases.ts';

/**
 * Path of the nats-server program: what the release's variable names, else, for the packaged one, what the path holds.
 * Throws with what to install when there is none.
 */
export function findNatsServer(release: NatsRelease, environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment[natsVariables[release]] ?? '';
  const installed = release === 'packaged' ? findInstalled(['nats-server'], environment) : undefined;
  const found = given === '' ? installed : [given].find(isExecutable);
  if (found !== undefined) return found;
  throw new Error(`nats-server (${release}) was not found. ${advice[release]}, or set ${natsVariables[release]}.`);
}

const advice: Readonly<Record<NatsRelease, string>> = {
  packaged: 'Install it (Debian: apt-get install nats-server)',
  newest: 'Build it (node scripts/ensure-newest-nats.mjs, which needs Go)',
};
