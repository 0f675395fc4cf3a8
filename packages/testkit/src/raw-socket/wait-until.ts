/** How long anything is waited for where nothing else is said: below the time of a test, and no matter of the machine's pace. */
export const PATIENCE_MS = 12_000;

/** How long, and what to say when it was not enough. */
export interface WaitOptions {
  /** Default {@link PATIENCE_MS}. */
  readonly timeoutMs?: number;
  /** What is waited for, for the error text. */
  readonly what: string;
}

/**
 * Resolves once `condition` holds, looking every few milliseconds; rejects with `what` in the text after the timeout.
 */
export async function waitUntil(condition: () => boolean, options: WaitOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? PATIENCE_MS;
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for: ${options.what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
