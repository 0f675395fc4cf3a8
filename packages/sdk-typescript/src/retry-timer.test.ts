import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { OFFLINE_RETRY_MS, ONLINE_SPREAD_MS, RetryTimer } from './retry-timer.ts';
import { createFakeClock } from './testing/fake-clock.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('hold', 'release', 'catchUp') }),
    fc.record({ kind: fc.constant('advance'), ms: fc.integer({ min: 0, max: 30_000 }) }),
  ),
  { maxLength: 30 },
);

it('never tries before the server wants it, tries once, and within a minute, whatever the network does', async () => {
  const waits = fc.record({ delayMs: fc.nat(20_000), askedForMs: fc.nat(300_000), isOffline: fc.boolean() });
  const roll = fc.double({ min: 0, max: 0.999_999, noNaN: true });
  await fc.assert(
    fc.asyncProperty(waits, roll, steps, async ({ delayMs, askedForMs, isOffline }, random, changes) => {
      const clock = createFakeClock();
      const beganMs = clock.now();
      const triesMs: number[] = [];
      const timer = new RetryTimer(
        clock,
        () => random,
        () => triesMs.push(clock.now() - beganMs),
      );
      timer.begin(askedForMs + delayMs, askedForMs, isOffline);
      let lastChangeMs = 0;
      for (const change of changes) {
        if ('ms' in change) await clock.advance(change.ms);
        else if (change.kind === 'catchUp') timer.catchUp();
        else if (change.kind === 'hold') timer.hold();
        else timer.release();
        if (change.kind === 'hold') lastChangeMs = clock.now() - beganMs;
      }
      await clock.advance(askedForMs + delayMs + OFFLINE_RETRY_MS + ONLINE_SPREAD_MS);
      expect(triesMs).toHaveLength(1);
      expect(triesMs[0]).toBeGreaterThanOrEqual(askedForMs);
      const latestMs = Math.max(askedForMs + delayMs, lastChangeMs + OFFLINE_RETRY_MS + ONLINE_SPREAD_MS);
      expect(triesMs[0]).toBeLessThanOrEqual(latestMs);
      expect(clock.pending).toBe(0);
    }),
  );
});

it('spreads the tries of an office over a second when the network is back', () => {
  const clock = createFakeClock();
  const delays = Array.from({ length: 100 }, (_, i) => {
    const timer = new RetryTimer(clock, () => i / 100, expect.fail);
    timer.begin(250, 0, true);
    const delayMs = timer.release()?.delayMs;
    timer.cancel();
    return delayMs;
  });
  expect(new Set(delays).size).toBe(100);
  expect(Math.max(...delays.map(Number))).toBe(990);
});
