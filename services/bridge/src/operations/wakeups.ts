/** Wakes somebody who waits; what comes while nobody waits wakes the next one at once. */
export class Wakeups {
  #isDue = false;
  #wake: (() => void) | undefined;

  /** An abort wakes, too. */
  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.wake(), { once: true });
  }

  wake(): void {
    this.#isDue = true;
    this.#wake?.();
  }

  /** True when it was woken, false when the time was over. */
  async wait(timeoutMs: number): Promise<boolean> {
    if (!this.#isDue) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const wasWoken = this.#isDue;
    this.#isDue = false;
    return wasWoken;
  }
}
