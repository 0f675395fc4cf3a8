/** The two times there are, injected wherever time matters. */
export interface Clock {
  /** Wall time, ms since the Unix epoch: for what people and tokens mean by time. May step. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start: for spans, rates and timeouts. Never steps. */
  monotonicMs(): number;
}

/** The clocks of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};
