import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoalescer } from './coalescer.ts';
import type { Lane } from './coalescer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Item {
  readonly n: number;
  readonly lane: Lane;
}

function createRig(maxHeld = 512) {
  const delivered: { readonly n: number; readonly lane: Lane; readonly atMs: number }[] = [];
  const coalescer = createCoalescer<Item>({
    deliver: ({ n, lane }) => delivered.push({ n, lane, atMs: Date.now() }),
    laneOf: ({ lane }) => lane,
    holdMs: 1,
    maxHeld,
    monotonicMs: () => Date.now(),
  });
  const lanes = [createLane(), createLane()] as const;
  const push = (n: number, lane: Lane = lanes[0]): void => coalescer.push({ n, lane });
  return { coalescer, delivered, lanes, push, numbers: () => delivered.map(({ n }) => n) };
}

function createLane(): Lane {
  return { lastWriteMs: Number.NEGATIVE_INFINITY, held: 0 };
}

/** Ends the turn: what is pushed next comes in another one. */
async function endTurn(ms = 0): Promise<void> {
  await Promise.resolve();
  vi.advanceTimersByTime(ms);
}

describe('the coalescer', () => {
  it('[ARC-14] delivers all of a turn at once when nothing was delivered lately, without a timer', async () => {
    const { push, numbers } = createRig();
    push(1);
    push(2);
    expect(numbers()).toEqual([1, 2]);
    await endTurn(1);
    push(3);
    expect(numbers()).toEqual([1, 2, 3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[ARC-14] holds what follows in later turns for a millisecond at most, all with one timer', async () => {
    const { push, numbers } = createRig();
    push(0);
    vi.setSystemTime(Date.now() + 0.5);
    await endTurn();
    vi.setSystemTime(Date.now() + 0);
    for (let n = 1; n < 100; n++) push(n);
    await endTurn(1);
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[ARC-14] lets no lane wait for another', async () => {
    const { push, lanes, numbers } = createRig();
    push(0, lanes[0]);
    await endTurn();
    push(1, lanes[1]);
    expect(numbers()).toEqual([0, 1]);
  });

  it('[ARC-14] never holds more than its bound', async () => {
    const { push, numbers, lanes } = createRig(8);
    lanes[0].lastWriteMs = Date.now() - 0.5;
    for (let n = 0; n < 7; n++) push(n);
    expect(numbers()).toEqual([]);
    push(7);
    expect(numbers()).toHaveLength(8);
    expect(vi.getTimerCount()).toBe(0);
    await endTurn();
  });

  it('[PRT-19] keeps the order of each lane and loses nothing, whatever the rhythm (property)', async () => {
    const step = fc.record({
      lanes: fc.array(fc.constantFrom(0, 1), { maxLength: 12 }),
      waitMs: fc.integer({ min: 0, max: 3 }),
      flush: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step), async (list) => {
        const { coalescer, delivered, lanes, push } = createRig(10);
        const pushed: { readonly n: number; readonly lane: Lane; readonly atMs: number }[] = [];
        for (const { lanes: order, waitMs, flush } of list) {
          for (const index of order) {
            const lane = lanes[index] ?? lanes[0];
            pushed.push({ n: pushed.length, lane, atMs: Date.now() });
            push(pushed.length - 1, lane);
          }
          if (flush) coalescer.flush();
          await endTurn(waitMs);
        }
        await endTurn(1);
        for (const lane of lanes) {
          const of = (items: typeof pushed): number[] => items.filter((item) => item.lane === lane).map(({ n }) => n);
          expect(of(delivered)).toEqual(of(pushed));
        }
        for (const { n, atMs } of delivered) expect(atMs - (pushed[n]?.atMs ?? 0)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('[ARC-14] flushes on demand, and again without harm', () => {
    const { coalescer, push, lanes, numbers } = createRig();
    lanes[0].lastWriteMs = Date.now() - 0.5;
    push(1);
    push(2);
    expect(numbers()).toEqual([]);
    coalescer.flush();
    coalescer.flush();
    expect(numbers()).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
