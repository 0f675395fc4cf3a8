import type { Clock } from '../clock.ts';

/** A clock that stands still until it is moved. */
export interface FakeClock extends Clock {
  /** Moves on by `ms`, firing what falls due on the way, and lets promises settle. */
  advance(ms: number): Promise<void>;
  /** Moves on by `ms` in one step, as when the process sleeps: what fell due meanwhile fires late, or not yet. */
  oversleep(ms: number, options?: { readonly fires: boolean }): Promise<void>;
  /** Timers that are set and have not fired. */
  readonly pending: number;
}

/** Lets everything run that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that stands at 2026-03-01T09:30:00Z. */
export function createFakeClock(): FakeClock {
  let nowMs = Date.UTC(2026, 2, 1, 9, 30);
  const timers = new Set<{ readonly dueMs: number; readonly run: () => void }>();

  async function fireUntil(untilMs: number): Promise<void> {
    await settle();
    for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
      timers.delete(timer);
      nowMs = Math.max(nowMs, timer.dueMs);
      timer.run();
      await settle();
    }
  }
  function nextDue(untilMs: number): { readonly dueMs: number; readonly run: () => void } | undefined {
    return [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  }
  return {
    now: () => nowMs,
    setTimer(run, ms) {
      const timer = { dueMs: nowMs + ms, run };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await fireUntil(untilMs);
      nowMs = untilMs;
    },
    async oversleep(ms, { fires } = { fires: true }) {
      await settle();
      nowMs += ms;
      if (fires) await fireUntil(nowMs);
    },
    get pending() {
      return timers.size;
    },
  };
}
