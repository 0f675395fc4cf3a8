import type { Limits } from '@arqonbus/protocol';

/** More do not wait: each holds a socket that has not been answered. */
export const MAX_WAITING_OUT = 1_000;

/** SDKs wait for 10 s for their welcome, and whoever asks should hear why it is not let in. */
export const LONGEST_WAIT_OUT_MS = 8_000;

/**
 * Lets who is held off wait for the end of its hold, for four times as long as the queue before the Shield lets anybody wait, 8 s at
 * the most; gives what is left then. An answer at once costs its 0.5 ms of a thread that all share each time that the client tries again.
 */
export type WaitOut = (remainingMs: () => number) => Promise<number>;

/** Nobody waits yet. Who waits keeps no process from its end. */
export function createWaitOut(limits: Pick<Limits, 'connectQueueMs'>): WaitOut {
  let waiting = 0;
  return async (remainingMs) => {
    const waitMs = Math.min(remainingMs(), 4 * limits.connectQueueMs, LONGEST_WAIT_OUT_MS);
    if (waitMs <= 0 || waiting >= MAX_WAITING_OUT) return remainingMs();
    waiting += 1;
    // A timer may come a moment early.
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs) + 1).unref());
    waiting -= 1;
    return remainingMs();
  };
}
