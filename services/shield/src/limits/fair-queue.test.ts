import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFairQueue } from './fair-queue.ts';
import type { FairQueue } from './fair-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets them wait, and gives what became of each, in the order in which it became known. */
function watch(queue: FairQueue, ips: readonly string[]): readonly string[] {
  const told: string[] = [];
  for (const [n, ip] of ips.entries()) {
    const turn = queue.wait(ip);
    if (turn === undefined) told.push(`${ip}${n} refused`);
    else void turn.then((isIn) => told.push(`${ip}${n} ${isIn ? 'in' : 'out'}`));
  }
  return told;
}

describe('who waits for a connection', () => {
  it('[PRT-23] is served by address in turn, and within an address first come first served', async () => {
    const queue = createFairQueue(10, 2_000);
    const told = watch(queue, ['a', 'a', 'a', 'b', 'c', 'b']);
    for (let n = 0; n < 7; n++) queue.serve();
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['a0 in', 'b3 in', 'c4 in', 'a1 in', 'b5 in', 'a2 in']);
    expect([queue.size(), vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('[PRT-23] takes the place of the last one of the address that has most, where the queue is full', async () => {
    const queue = createFairQueue(4, 2_000);
    const told = watch(queue, ['a', 'a', 'a', 'b', 'c', 'a', 'b', 'd']);
    await vi.advanceTimersByTimeAsync(0);
    // With two of `a`, none has more than `b` would have then; `d` has none yet.
    expect(told).toEqual(['a5 refused', 'b6 refused', 'a2 out', 'a1 out']);
    expect(queue.size()).toBe(4);
  });

  it('[PRT-23] waits for no longer than it may', async () => {
    const queue = createFairQueue(4, 2_000);
    const told = watch(queue, ['a', 'b']);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual(['a0 out', 'b1 out']);
    expect(queue.size()).toBe(0);
  });

  it('[PRT-23] is served after one each of the others at the latest, hears once what became of it, and never are there too many (property)', async () => {
    const steps = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.constant('serve')), { maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), steps, async (max, list) => {
        const queue = createFairQueue(max, 2_000);
        const told = new Map<number, boolean[]>();
        for (const [n, step] of list.entries()) {
          if (step === 'serve') queue.serve();
          else void queue.wait(step)?.then((isIn) => told.set(n, [...(told.get(n) ?? []), isIn]));
          expect(queue.size()).toBeLessThanOrEqual(max);
        }
        let isServed = false;
        // Whoever is alone at its address: room is made for it, or there is one of each of so many others.
        const turn = queue.wait('alone');
        void turn?.then((isIn) => (isServed = isIn));
        for (let n = 0; n < 5; n++) queue.serve();
        await vi.advanceTimersByTimeAsync(2_000);
        expect(isServed).toBe(turn !== undefined);
        expect(turn !== undefined || max <= 4).toBe(true);
        expect([...told.values()].every(({ length }) => length === 1)).toBe(true);
        expect([queue.size(), vi.getTimerCount()]).toEqual([0, 0]);
      }),
    );
  });
});
