import * as fc from 'fast-check';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createRateBudget, setRateBudget } from './rate-budget.ts';
import type { RateBudget } from './rate-budget.ts';

const perSecond = fc.integer({ min: 1, max: 2_000 });
const settings = fc.record({
  messagesPerSecond: perSecond,
  messagesBurst: perSecond,
  bytesPerSecond: fc.integer({ min: 1_024, max: 200_000 }),
  maxFrameBytes: fc.integer({ min: 1_024, max: 100_000 }),
  commandsPerSecond: perSecond,
});
const waits = fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 20 });

/** What each bucket is to hold and to get, by the limits; and the amount that is asked for at once. */
const kinds: readonly (readonly [
  keyof RateBudget,
  (limits: Limits) => readonly [burst: number, rate: number],
  number,
])[] = [
  ['messages', (limits) => [limits.messagesBurst, limits.messagesPerSecond], 1],
  ['bytes', (limits) => [Math.max(limits.bytesPerSecond, limits.maxFrameBytes), limits.bytesPerSecond], 512],
  ['commands', (limits) => [limits.commandsPerSecond, limits.commandsPerSecond], 1],
];

/** As much as there is. */
function drain(bucket: RateBudget['bytes'], amount: number, nowMs: number): number {
  let taken = 0;
  while (bucket.take(amount, nowMs)) taken += amount;
  return taken;
}

describe('the rates of a connection', () => {
  it.each(kinds)(
    '[PRT-23] %s: what is configured at once, and then as it refills (property)',
    (kind, expected, amount) => {
      fc.assert(
        fc.property(settings, waits, (changes, list) => {
          const limits = { ...DEFAULT_LIMITS, ...changes };
          const [burst, rate] = expected(limits);
          const bucket = createRateBudget(limits, 0)[kind];
          let left = burst - drain(bucket, amount, 0);
          expect(left).toBeLessThan(amount);
          let nowMs = 0;
          for (const wait of list) {
            nowMs += wait;
            const there = Math.min(burst, left + (wait * rate) / 1_000);
            left = there - drain(bucket, amount, nowMs);
            // Nothing more, and nothing that is there is held back.
            expect(left).toBeGreaterThan(-1e-6);
            expect(left).toBeLessThan(amount + 1e-6);
          }
        }),
      );
    },
  );

  it.each(kinds)(
    '[PRT-23] %s: other settings hold at once, and forgive nothing (property)',
    (kind, expected, amount) => {
      fc.assert(
        fc.property(settings, settings, (before, after) => {
          const [old, limits] = [before, after].map((changes) => ({ ...DEFAULT_LIMITS, ...changes })) as [
            Limits,
            Limits,
          ];
          const budget = createRateBudget(old, 0);
          drain(budget[kind], amount, 0);
          setRateBudget(budget, limits, 0);
          expect(budget[kind].take(amount, 0)).toBe(false);
          const [burst, rate] = expected(limits);
          const taken = drain(budget[kind], amount, 1_000);
          expect(taken).toBeLessThan(Math.min(burst, rate + amount) + 1e-6);
          expect(taken).toBeGreaterThan(Math.min(burst, rate) - amount - 1e-6);
        }),
        { numRuns: 50 },
      );
    },
  );
});
