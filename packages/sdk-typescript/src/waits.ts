import type { Clock, Timer } from './clock.ts';

/** Waits that end together when what they are for is over. */
export class Waits {
  readonly #clock: Clock;
  readonly #waits = new Map<() => void, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after this time, or when all end. */
  async wait(ms: number): Promise<void> {
    let wakeUp: (() => void) | undefined;
    await new Promise<void>((wake) => {
      wakeUp = wake;
      this.#waits.set(wake, this.#clock.setTimer(wake, ms));
    });
    if (wakeUp !== undefined) this.#waits.delete(wakeUp);
  }

  endAll(): void {
    for (const [wake, timer] of this.#waits) {
      timer.cancel();
      wake();
    }
  }
}
