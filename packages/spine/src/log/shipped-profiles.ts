import type { LogProfile } from './log-profile.ts';

const HOUR_MS = 3_600_000;
const MIB = 1_048_576;

/**
 * The log profiles that come with the bus. `durable` promises to survive power loss on JetStream only: the in-memory
 * log treats it as `history`, and loses it with the process.
 */
export const shippedProfiles: readonly LogProfile[] = [
  { name: 'live', logClass: 'live', maxMessages: 0, maxAgeMs: 0, maxBytes: 0 },
  { name: 'default', logClass: 'history', maxMessages: 500, maxAgeMs: 24 * HOUR_MS, maxBytes: 16 * MIB },
  { name: 'durable', logClass: 'durable', maxMessages: 100_000, maxAgeMs: 7 * 24 * HOUR_MS, maxBytes: 256 * MIB },
  { name: 'state', logClass: 'state', maxMessages: 1, maxAgeMs: 30 * 24 * HOUR_MS, maxBytes: 2 * MIB },
];

/** The profile of channels that no rule names. */
export const DEFAULT_PROFILE_NAME = 'default';
