import type { Caller } from '../caller/caller.ts';

/** Who asks for an operation, by whichever road it came in. */
export interface Operation {
  readonly caller: Caller;
  /** Repeats safely what has the same one; empty = none. */
  readonly idempotencyKey: string;
  /** When the caller waits no more, on the clock of `deadlineIn`. */
  readonly deadlineMs: number;
  /** Takes so many messages or commands of what the caller may send; throws `RATE_LIMITED`. */
  readonly charge: (messages: number) => void;
}
