/**
 * A rate limit that refills continuously: at most `burst` at once, `perSecond` in the long run. Time is given by the
 * caller from one clock; a clock that steps back adds nothing and takes nothing.
 */
export class TokenBucket {
  private tokens: number;
  private lastMs: number;
  private perSecond: number;
  private burst: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.perSecond = perSecond;
    this.burst = burst;
    this.tokens = burst;
    this.lastMs = nowMs;
  }

  /** Takes `amount` if it is there; else takes nothing and answers false. */
  take(amount: number, nowMs: number): boolean {
    this.refill(nowMs);
    if (this.tokens < amount) return false;
    this.tokens -= amount;
    return true;
  }

  /** Takes `amount`, there or not: what is missing is a debt that is paid before anything can be taken again. */
  spend(amount: number, nowMs: number): void {
    this.refill(nowMs);
    this.tokens -= amount;
  }

  /** True when nothing was taken lately: a new bucket would be no different. */
  isFull(nowMs: number): boolean {
    this.refill(nowMs);
    return this.tokens >= this.burst;
  }

  /** Milliseconds until `amount` will be there; at least 1. */
  waitMs(amount: number): number {
    const missing = Math.min(amount, this.burst) - this.tokens;
    return Math.max(1, Math.ceil((missing / this.perSecond) * 1000));
  }

  /** Changes the limit from now on. What is there stays, up to the new burst. */
  setRate(perSecond: number, burst: number, nowMs: number): void {
    this.refill(nowMs);
    this.perSecond = perSecond;
    this.burst = burst;
    this.tokens = Math.min(this.tokens, burst);
  }

  private refill(nowMs: number): void {
    const elapsedMs = nowMs - this.lastMs;
    this.lastMs = nowMs;
    if (elapsedMs > 0) this.tokens = Math.min(this.burst, this.tokens + (elapsedMs * this.perSecond) / 1000);
  }
}

/** A full bucket. Rates and bursts are above zero. */
export function createTokenBucket(perSecond: number, burst: number, nowMs: number): TokenBucket {
  return new TokenBucket(perSecond, burst, nowMs);
}
