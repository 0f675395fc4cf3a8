import { setTimeout } from 'node:timers/promises';
import { BusError } from '@arqonbus/protocol';

/** How to wait. */
export interface WaitForOptions {
  /** Ends the waiting: the promise rejects with its reason. */
  readonly signal: AbortSignal;
  /** Told of every try that failed. */
  readonly onFailure: (error: unknown) => void;
  /** Pause between two tries, in ms. Default 500. */
  readonly pauseMs?: number;
}

/** Tries until what is opened is no longer `UNAVAILABLE`; every other error rejects at once (O-13). */
export async function untilAvailable<T>(open: () => Promise<T>, options: WaitForOptions): Promise<T> {
  for (;;) {
    options.signal.throwIfAborted();
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'UNAVAILABLE') throw error;
      options.onFailure(error);
    }
    // The next round says why it was cut short.
    await setTimeout(options.pauseMs ?? 500, undefined, { signal: options.signal }).catch(() => undefined);
  }
}
