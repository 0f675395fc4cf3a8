import { DEFAULT_PROFILE, compilePattern, isReservedRoom } from '@arqonbus/protocol';
import type { LogProfile, LogRule, TargetPredicate } from '@arqonbus/protocol';

/** Tells the profile of a channel; `channel` may be `*`, the room's pseudo-channel. */
export type ProfileOf = (room: string, channel: string) => LogProfile;

const LIVE_PROFILE: LogProfile = { name: 'live', logClass: 'live', maxMessages: 0, maxAgeMs: 0, maxBytes: 0 };

/**
 * Compiles rules (reserved rooms are `live` whatever the rules say, PRT-26): the first whose pattern matches decides, the profile `default` where none does. A `state` profile
 * keeps one message whatever its `maxMessages` says. Throws an error that names the culprit when a rule's pattern is
 * malformed or its profile unknown, and when there is no profile `default`: configuration is checked at start.
 */
export function createLogRules(profiles: readonly LogProfile[], rules: readonly LogRule[]): ProfileOf {
  const byName = new Map(profiles.map((profile) => [profile.name, normalize(profile)]));
  const compiled = rules.map((rule) => ({ matches: compile(rule), profile: find(byName, rule.profile) }));
  const fallback = find(byName, DEFAULT_PROFILE);
  return (room, channel) => {
    if (isReservedRoom(room)) return LIVE_PROFILE;
    for (const rule of compiled) {
      if (rule.matches(room, channel)) return rule.profile;
    }
    return fallback;
  };
}

function normalize(profile: LogProfile): LogProfile {
  return profile.logClass === 'state' ? { ...profile, maxMessages: 1 } : profile;
}

function compile(rule: LogRule): TargetPredicate {
  const matches = compilePattern(rule.pattern);
  if (matches === undefined) throw new Error(`log rule with a malformed pattern: ${JSON.stringify(rule.pattern)}`);
  return matches;
}

function find(byName: ReadonlyMap<string, LogProfile>, name: string): LogProfile {
  const profile = byName.get(name);
  if (profile === undefined) throw new Error(`there is no log profile ${JSON.stringify(name)}`);
  return profile;
}
