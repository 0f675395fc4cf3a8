import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTokenBucket } from './token-bucket.ts';

const step = fc.record({ wait: fc.integer({ min: 0, max: 40 }), amount: fc.integer({ min: 1, max: 40 }) });
const steps = fc.array(step, { maxLength: 200 });
const rate = fc.integer({ min: 1, max: 1_000 });
const burst = fc.integer({ min: 40, max: 400 });

/** The same rule in whole numbers: thousandths of a token, so that nothing is ever rounded. */
function createExactModel(perSecond: number, size: number): (amount: number, elapsedMs: number) => boolean {
  let thousandths = size * 1_000;
  return (amount, elapsedMs) => {
    thousandths = Math.min(size * 1_000, thousandths + elapsedMs * perSecond);
    if (thousandths < amount * 1_000) return false;
    thousandths -= amount * 1_000;
    return true;
  };
}

interface Taken {
  readonly atMs: number;
  readonly amount: number;
}

/** How far the takings of any window exceed what the limit allows in it; at most 0 for an exact limit. */
function excess(taken: readonly Taken[], perSecond: number, size: number): number {
  let worst = Number.NEGATIVE_INFINITY;
  for (const [i, first] of taken.entries()) {
    let sum = 0;
    for (const { atMs, amount } of taken.slice(i)) {
      sum += amount;
      worst = Math.max(worst, sum - (size + ((atMs - first.atMs) * perSecond) / 1_000));
    }
  }
  return worst;
}

describe('a token bucket', () => {
  it('[PRT-23] L-11: admits exactly what the model in whole numbers admits (property)', () => {
    fc.assert(
      // Eighths of a second in the rate and 8 ms in the waits keep the bucket's sums whole numbers, too.
      fc.property(fc.integer({ min: 1, max: 8 }), burst, steps, (eighths, size, list) => {
        const bucket = createTokenBucket(eighths * 125, size, 0);
        const model = createExactModel(eighths * 125, size);
        let nowMs = 0;
        for (const { wait, amount } of list) {
          nowMs += wait * 8;
          expect(bucket.take(amount, nowMs)).toBe(model(amount, wait * 8));
        }
      }),
    );
  });

  it('[PRT-23] L-11: never admits more than the limit over any window, also when the clock steps back (property)', () => {
    const stepBack = fc.record({
      waitMs: fc.integer({ min: 0, max: 500 }),
      backMs: fc.constantFrom(0, 0, 0, 7, 3_600_000),
    });
    fc.assert(
      fc.property(rate, burst, fc.array(stepBack, { maxLength: 120 }), (perSecond, size, list) => {
        const bucket = createTokenBucket(perSecond, size, 0);
        const taken: Taken[] = [];
        let realMs = 0;
        let clockMs = 0;
        for (const { waitMs, backMs } of list) {
          realMs += waitMs;
          clockMs += waitMs - backMs;
          while (bucket.take(3, clockMs)) taken.push({ atMs: realMs, amount: 3 });
        }
        expect(excess(taken, perSecond, size)).toBeLessThan(1e-6);
      }),
    );
  });

  it('[PRT-23] L-11: goes on refilling after the clock stepped back by an hour', () => {
    const bucket = createTokenBucket(10, 20, 7_200_000);
    expect(bucket.take(20, 7_200_000)).toBe(true);
    expect(bucket.take(1, 3_600_000)).toBe(false);
    expect(bucket.take(1, 3_600_099)).toBe(false);
    expect(bucket.take(1, 3_600_100)).toBe(true);
  });

  it('[PRT-23] takes nothing when it refuses', () => {
    const bucket = createTokenBucket(1, 10, 0);
    expect(bucket.take(11, 0)).toBe(false);
    expect(bucket.take(10, 0)).toBe(true);
  });

  it('[PRT-23] tells how long to wait, neither too short nor more than a millisecond too long (property)', () => {
    fc.assert(
      fc.property(rate, burst, fc.integer({ min: 1, max: 40 }), (perSecond, size, amount) => {
        const bucket = createTokenBucket(perSecond, size, 0);
        while (bucket.take(1, 0)) continue;
        const waitMs = bucket.waitMs(amount);
        expect(waitMs).toBeGreaterThanOrEqual(1);
        expect(((waitMs - 1) * perSecond) / 1_000).toBeLessThan(amount);
        expect(bucket.take(amount, waitMs + 1e-6)).toBe(true);
      }),
    );
  });

  it('[PRT-23] promises no more than the burst when asked for more than it holds', () => {
    const bucket = createTokenBucket(10, 20, 0);
    bucket.take(20, 0);
    expect(bucket.waitMs(1_000_000)).toBe(2_000);
  });

  it('[PRT-23] is full again after as long as it takes to refill, so that it may be forgotten', () => {
    const bucket = createTokenBucket(10, 20, 0);
    expect(bucket.isFull(0)).toBe(true);
    bucket.take(5, 0);
    expect(bucket.isFull(499)).toBe(false);
    expect(bucket.isFull(500)).toBe(true);
  });
});
