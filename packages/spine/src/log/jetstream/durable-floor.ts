import { DEFAULT_PROFILE } from '@arqonbus/protocol';
import { parseServerVersion } from '../../nats/server-version.ts';
import type { LogLayout } from '../placement/log-layout.ts';

/** The first releases, one for each line that is kept, that production should run (LOG-2). */
const FLOOR_TEXT = '2.12.12, 2.14.3 or newer';

/**
 * Why these NATS servers cannot keep the channels that a layout makes `durable`; undefined = they can, or there are none.
 * Older ones cannot be told to fsync every write, or are known to lose what they acknowledged (LOG-2).
 */
export function durableRefusal(layout: Pick<LogLayout, 'profiles' | 'rules'>, version: string): string | undefined {
  if (isFloor(version) || !hasDurable(layout)) return undefined;
  const shown = version === '' ? 'This NATS server' : `NATS ${version}`;
  return `${shown} cannot keep durable channels through a loss of power: that takes ${FLOOR_TEXT}.`;
}

function isFloor(version: string): boolean {
  const [major, minor, patch] = parseServerVersion(version);
  if (major !== 2) return major > 2;
  if (minor === 12) return patch >= 12;
  return minor === 14 ? patch >= 3 : minor > 14;
}

function hasDurable({ profiles, rules }: Pick<LogLayout, 'profiles' | 'rules'>): boolean {
  const used = new Set([DEFAULT_PROFILE, ...rules.map(({ profile }) => profile)]);
  return profiles.some(({ name, logClass }) => logClass === 'durable' && used.has(name));
}
