import type { LogProfile } from '@arqonbus/protocol';
import type { ChannelLog } from './channel-log.ts';
import type { ProfileOf } from './log-rules.ts';

/** The profile of channels that keep nothing. */
export const LIVE_PROFILE: LogProfile = { name: 'live', logClass: 'live', maxMessages: 0, maxAgeMs: 0, maxBytes: 0 };

/** The rules of a bus whose Spine has no log: every channel is `live` (04, "Channel log"). */
export const everyChannelLive: ProfileOf = () => LIVE_PROFILE;

/** The log of such a bus. A `live` channel has none (LOG-1), so whoever asks it has a bug, and is told. */
export const noChannelLog: ChannelLog = { append: refuse, read: refuse, position: refuse, trim: refuse };

function refuse(): Promise<never> {
  return Promise.reject(new Error('live channels have no log'));
}
