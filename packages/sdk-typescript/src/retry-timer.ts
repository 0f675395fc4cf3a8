import type { Clock, Timer } from './clock.ts';

/** The least wait while the platform says that there is no network. It may be wrong, so nobody waits for good. */
export const OFFLINE_RETRY_MS = 60_000;

/** When the network is back, tries spread over this time, so that a whole office does not come back at once. */
export const ONLINE_SPREAD_MS = 1_000;

/** A wait for the next try. */
export interface RetryWait {
  /** Counted from now. */
  readonly delayMs: number;
  /** The platform says that there is no network. */
  readonly isOffline: boolean;
}

/** The wait between two tries: held while the platform is offline, cut short when the network is back. */
export class RetryTimer {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #run: () => void;
  #timer: Timer | undefined;
  #dueMs = 0;
  /** Until when the server wants no try. */
  #notBeforeMs = 0;
  #isHeld = false;

  /** `run` makes the try; `random` gives [0, 1). */
  constructor(clock: Clock, random: () => number, run: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#run = run;
  }

  /** True while a wait is longer because the platform is offline. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Begins a wait of `delayMs`, of which the server asked for `askedForMs`; longer when the platform is offline. */
  begin(delayMs: number, askedForMs: number, isOffline: boolean): RetryWait {
    const nowMs = this.#clock.now();
    this.#notBeforeMs = nowMs + askedForMs;
    this.#isHeld = isOffline;
    return this.#waitUntil(isOffline ? Math.max(nowMs + delayMs, this.#heldUntilMs()) : nowMs + delayMs);
  }

  /** The network is gone: makes the wait longer. Undefined when nothing changes. */
  hold(): RetryWait | undefined {
    if (this.#timer === undefined || this.#isHeld) return undefined;
    this.#isHeld = true;
    return this.#waitUntil(Math.max(this.#dueMs, this.#heldUntilMs()));
  }

  /** The network is back: ends the wait shortly, though not before the server wants it. Undefined without a wait. */
  release(): RetryWait | undefined {
    if (this.#timer === undefined) return undefined;
    this.#isHeld = false;
    const earliestMs = Math.max(this.#clock.now(), this.#notBeforeMs);
    return this.#waitUntil(Math.min(this.#dueMs, earliestMs + this.#spread()));
  }

  /** Makes a try that is overdue at once: the platform may fire a timer a minute late, or not yet. */
  catchUp(): void {
    if (this.#timer !== undefined && this.#clock.now() >= this.#dueMs) this.#fire();
  }

  /** Ends the wait without a try. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isHeld = false;
  }

  #waitUntil(dueMs: number): RetryWait {
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.#clock.now());
    this.#timer = this.#clock.setTimer(() => this.#fire(), delayMs);
    return { delayMs, isOffline: this.#isHeld };
  }

  #fire(): void {
    this.cancel();
    this.#run();
  }

  #heldUntilMs(): number {
    return this.#clock.now() + OFFLINE_RETRY_MS + this.#spread();
  }

  #spread(): number {
    return Math.round(this.#random() * ONLINE_SPREAD_MS);
  }
}
