import { BusError } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';

/** How fast a replay may go. */
export interface ReplayPace {
  /**
   * Waits until a publication of this time may be written: as long after the one before as when they were made, divided by
   * the speed, and not while the client has half of what it may buffer. False = the replay is over: the client is gone, or
   * wants no more. Throws `TIMEOUT` for a client that does not read.
   */
  turn(timestampMs: number): Promise<boolean>;
}

/** What pacing needs. */
export interface ReplayPaceOptions {
  readonly session: Session;
  /** True once the client wants no more. */
  readonly isCancelled: () => boolean;
  /** Undefined = as fast as the client reads. */
  readonly speed: number | undefined;
  readonly maxBufferedBytes: number;
  /** How long a client may read nothing. */
  readonly stallTimeoutMs: number;
  readonly monotonicMs: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** The longest pause: whoever waits sees this soon that the client is gone. */
const MAX_PAUSE_MS = 100;
const POLL_MS = 20;

/** The pace of one replay. */
export function createReplayPace(options: ReplayPaceOptions): ReplayPace {
  const { session, speed, monotonicMs, pause } = options;
  let previousMs: number | undefined;
  const isOver = (): boolean => options.isCancelled() || session.connection === undefined || session.isClosing;

  const waitForTime = async (timestampMs: number): Promise<void> => {
    const gapMs = speed === undefined || previousMs === undefined ? 0 : (timestampMs - previousMs) / speed;
    previousMs = timestampMs;
    const dueMs = monotonicMs() + gapMs;
    for (let leftMs = gapMs; leftMs > 0 && !isOver(); leftMs = dueMs - monotonicMs()) {
      await pause(Math.min(leftMs, MAX_PAUSE_MS));
    }
  };

  const waitForRoom = async (): Promise<void> => {
    const sinceMs = monotonicMs();
    while (!isOver() && (session.connection?.bufferedAmount() ?? 0) > options.maxBufferedBytes) {
      if (monotonicMs() - sinceMs > options.stallTimeoutMs) {
        throw new BusError('TIMEOUT', 'The client does not read what is replayed.');
      }
      await pause(POLL_MS);
    }
  };

  return {
    turn: async (timestampMs) => {
      await waitForTime(timestampMs);
      await waitForRoom();
      return !isOver();
    },
  };
}
