import type { Caller } from '../caller/caller.ts';

/** The place of a publication in the log of its channel. */
export interface FollowPosition {
  readonly epoch: string;
  readonly seq: number;
}

/** What a follower is given. */
export type FollowItem =
  | {
      readonly kind: 'publication';
      /** As JSON, as it was written: no number has been rounded. */
      readonly json: Uint8Array;
      /** Undefined on channels without a log. */
      readonly position: FollowPosition | undefined;
    }
  | {
      /** Here something is missing. */
      readonly kind: 'gap';
      readonly reason: 'epoch_changed' | 'trimmed' | 'too_slow';
      readonly position: FollowPosition | undefined;
    };

/** Who follows a channel, and from where. */
export interface FollowRequest {
  /** Who it is now. Throws once the token or key is taken no more. */
  readonly identify: () => Promise<Caller>;
  readonly room: string;
  readonly channel: string;
  /** The last that it has; undefined = from now on. */
  readonly after: FollowPosition | undefined;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
}
