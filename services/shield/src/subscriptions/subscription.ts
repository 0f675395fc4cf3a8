import type { PresenceView } from '../presence/presence-view.ts';
import type { ChannelTopics } from './channel-topics.ts';
import type { LocalChannel } from './local-channel.ts';

/** A session's subscription to a channel. */
export interface Subscription {
  readonly channel: LocalChannel;
  /** The subscriber wants its own publications too (PRT-15). */
  echo: boolean;
  /** The client joined this very channel; false for the room's pseudo-channel that came with a join (PRT-16). */
  isExplicit: boolean;
  /** Where it began when it began behind its channel; what it missed is written to it first. */
  readonly behindSeq: number | undefined;
  /** The socket is in the channel's topic; false while the session is behind (LOG-11). */
  isAttached: boolean;
  /** Those that the socket is in, or was in last: of the view that the reader's rights gave it. */
  topics: ChannelTopics;
  /** Set where the subscriber watches the members (PRS-1). */
  view: PresenceView | undefined;
  /** What others see of the client in this channel in place of its own meta, a JSON object. */
  meta: Uint8Array | undefined;
}
