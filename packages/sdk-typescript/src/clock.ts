/** A timer that has been set. */
export interface Timer {
  /** Keeps the timer from firing; does nothing when it has fired. */
  cancel(): void;
}

/** Time as the client sees it; tests put their own in its place. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `run` once, `ms` from now. */
  setTimer(run: () => void, ms: number): Timer;
}

/** The platform's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(run, ms) {
    const handle = setTimeout(run, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};
