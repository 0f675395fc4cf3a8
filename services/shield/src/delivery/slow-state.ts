/** Where a session stands in one channel while it is out of its topics. */
export interface PauseMark {
  /** Sequence of the last publication written to its buffer. */
  seq: number;
  /** Of the log that the sequence is of. */
  readonly epoch: string;
  /** The channel's count of deliveries then; what a `live` channel shed is counted from it. */
  readonly delivered: number;
  /** The client has been told. */
  isAnnounced: boolean;
}

/**
 * A session that is behind (LOG-11), as a state machine: `paused` (its buffer is draining) → `resuming` (what it missed
 * is being read from the log and written) → not behind any more, or `paused` again when the buffer filled up on the way.
 */
export interface SlowState {
  phase: 'paused' | 'resuming';
  /** Since when its buffer has been over the limit; 0 = it is not. */
  overSinceMs: number;
  /** Not resumed before this time: the log could not be read. */
  retryAtMs: number;
  /** By `room:channel`: the subscriptions that are out of their topics. */
  readonly marks: Map<string, PauseMark>;
  /** Private and system messages that were not written to it. */
  shed: number;
}
