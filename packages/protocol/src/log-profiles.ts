/** What a channel's log promises; see the class table of the specification. */
export type LogClass = 'live' | 'history' | 'durable' | 'state';

/** A named set of retention limits that channels are given by rules (04, "Channel log"). */
export interface LogProfile {
  readonly name: string;
  readonly logClass: LogClass;
  readonly maxMessages: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** Publications are copied to the archive, which keeps them for longer (LOG-15). Class `durable` always is. */
  readonly archive?: boolean;
}

/** Whether the channels of a profile are archived (LOG-15). */
export function isArchived({ logClass, archive }: Pick<LogProfile, 'logClass' | 'archive'>): boolean {
  return logClass === 'durable' || archive === true;
}

/** The first rule whose pattern matches `room:channel` decides. */
export interface LogRule {
  readonly pattern: string;
  readonly profile: string;
}

/** The profile of channels that no rule names. */
export const DEFAULT_PROFILE = 'default';

const HOUR_MS = 3_600_000;
const MIB = 1_048_576;

/**
 * The profiles that come with the bus. `durable` promises to survive power loss on JetStream only: the in-memory log
 * treats it as `history`, and loses it with the process.
 */
export const SHIPPED_PROFILES: readonly LogProfile[] = [
  { name: 'live', logClass: 'live', maxMessages: 0, maxAgeMs: 0, maxBytes: 0 },
  { name: DEFAULT_PROFILE, logClass: 'history', maxMessages: 500, maxAgeMs: 24 * HOUR_MS, maxBytes: 16 * MIB },
  { name: 'durable', logClass: 'durable', maxMessages: 10_000, maxAgeMs: 7 * 24 * HOUR_MS, maxBytes: 64 * MIB },
  { name: 'state', logClass: 'state', maxMessages: 1, maxAgeMs: 7 * 24 * HOUR_MS, maxBytes: MIB },
];
