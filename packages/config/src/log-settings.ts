import { DEFAULT_PROFILE, RESERVED_ROOMS, SHIPPED_PROFILES, compilePattern, isName } from '@arqonbus/protocol';
import type { LogProfile, LogRule } from '@arqonbus/protocol';
import { invalid, isPlainObject, valid } from './parsed.ts';
import type { Parsed } from './parsed.ts';

/** Rules that stand before the configured ones: the bus's own rooms are `live` whatever an operator writes (PRT-26). */
export const RESERVED_RULES: readonly LogRule[] = RESERVED_ROOMS.map((room) => ({
  pattern: `${room}:*`,
  profile: 'live',
}));

/** The shipped rules: everything else keeps the default history. */
export const SHIPPED_RULES: readonly LogRule[] = [...RESERVED_RULES, { pattern: '*:*', profile: DEFAULT_PROFILE }];

const LOG_CLASSES = ['live', 'history', 'durable', 'state'] as const;

/** Reads a map of profiles and lays it over the shipped ones. */
export function parseLogProfiles(raw: unknown): Parsed<readonly LogProfile[]> {
  if (!isPlainObject(raw)) return invalid('must be a map from profile name to its limits');
  const profiles = new Map(SHIPPED_PROFILES.map((profile) => [profile.name, profile]));
  for (const [name, value] of Object.entries(raw)) {
    const profile = parseProfile(name, value);
    if (!profile.ok) return profile;
    profiles.set(name, profile.value);
  }
  return valid([...profiles.values()]);
}

/** Reads an ordered list of rules; the reserved ones are put before it. */
export function parseLogRules(raw: unknown): Parsed<readonly LogRule[]> {
  if (!Array.isArray(raw)) return invalid('must be a list of {pattern, profile}');
  const rules: LogRule[] = [...RESERVED_RULES];
  for (const [i, value] of (raw as unknown[]).entries()) {
    const rule = parseRule(value);
    if (rule === undefined) return invalid(`needs {pattern, profile} as item ${i + 1}`);
    if (compilePattern(rule.pattern) === undefined)
      return invalid(`has a malformed pattern in item ${i + 1}`, 'write room:channel, with * for anything');
    rules.push(rule);
  }
  return valid(rules);
}

function parseRule(value: unknown): LogRule | undefined {
  if (!isPlainObject(value) || Object.keys(value).length !== 2) return undefined;
  const { pattern, profile } = value;
  return typeof pattern === 'string' && typeof profile === 'string' ? { pattern, profile } : undefined;
}

const PROFILE_MEMBERS = new Set(['class', 'max_messages', 'max_age_ms', 'max_bytes', 'archive']);

function parseProfile(name: string, value: unknown): Parsed<LogProfile> {
  if (!isName(name)) return invalid(`has a malformed profile name ${JSON.stringify(name)}`);
  if (!isPlainObject(value)) return invalid(`needs a map of limits for profile ${name}`);
  const unknown = Object.keys(value).find((member) => !PROFILE_MEMBERS.has(member));
  if (unknown !== undefined)
    return invalid(`has no member ${unknown} in profile ${name}`, `use ${[...PROFILE_MEMBERS].join(', ')}`);
  const logClass = LOG_CLASSES.find((known) => known === value['class']);
  if (logClass === undefined) return invalid(`needs one of ${LOG_CLASSES.join(', ')} as class of profile ${name}`);
  const isLive = logClass === 'live';
  const { max_messages: maxMessages = isLive ? 0 : undefined, max_age_ms: maxAgeMs = isLive ? 0 : undefined } = value;
  const { max_bytes: maxBytes = isLive ? 0 : undefined } = value;
  const least = isLive ? 0 : 1;
  if (!isAtLeast(maxMessages, least) || !isAtLeast(maxAgeMs, least) || !isAtLeast(maxBytes, least)) {
    return invalid(
      `needs whole numbers of at least ${least} as max_messages, max_age_ms and max_bytes of profile ${name}`,
    );
  }
  if (logClass === 'state' && maxMessages !== 1)
    return invalid(`keeps one message in profile ${name} of class state`, 'set max_messages to 1');
  const { archive } = value;
  if (archive !== undefined && typeof archive !== 'boolean')
    return invalid(`needs true or false as archive of profile ${name}`);
  if (archive === true && isLive)
    return invalid(`cannot archive profile ${name}`, 'channels of class live keep nothing to copy');
  const limits = { name, logClass, maxMessages, maxAgeMs, maxBytes };
  return valid(archive === undefined ? limits : { ...limits, archive });
}

function isAtLeast(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least;
}
