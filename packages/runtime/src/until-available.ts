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
    await pause(options.pauseMs ?? 500, options.signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
