import { DEFAULT_PROFILE, isArchived } from '@arqonbus/protocol';
import type { Config } from './config.ts';
import type { Problem } from './problem.ts';

/**
 * Channels that rules have archived where Valkey keeps the log: it has no order across channels that could be copied from,
 * so nothing would be (LOG-15), and `durable` is more than it promises (LOG-6). Better refused than believed.
 */
export function checkArchive({ log }: Pick<Config, 'log'>): readonly Problem[] {
  const { backend, profiles, rules } = log;
  if (backend !== 'valkey') return [];
  const used = new Set([DEFAULT_PROFILE, ...rules.map(({ profile }) => profile)]);
  const fix = 'use log.backend jetstream, or a profile without archive that is not durable';
  return profiles
    .filter((profile) => used.has(profile.name) && isArchived(profile))
    .map(({ name }) => ({
      key: 'log.rules',
      problem: `names profile ${name}, which is archived, and a log in Valkey is not`,
      fix,
    }));
}
