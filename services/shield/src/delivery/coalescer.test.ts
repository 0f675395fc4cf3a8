import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCoalescer } from './coalescer.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function createRig(maxHeld = 512) {
  const delivered: { readonly item: number; readonly atMs: number }[] = [];
  const coalescer = createCoalescer<number>({
    deliver: (item) => delivered.push({ item, atMs: Date.now() }),
    holdMs: 1,
    maxHeld,
    monotonicMs: () => Date.now(),
  });
  return { coalescer, delivered, items: () => delivered.map(({ item }) => item) };
}

describe('the coalescer', () => {
  it('[ARC-14] delivers at once when nothing was delivered lately, without a timer', () => {
    const { coalescer, items } = createRig();
    coalescer.push(1);
    expect(items()).toEqual([1]);
    vi.advanceTimersByTime(1);
    coalescer.push(2);
    expect(items()).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[ARC-14] holds what follows for a millisecond at most, all with one timer', () => {
    const { coalescer, items } = createRig();
    for (let i = 0; i < 100; i++) coalescer.push(i);
    expect(items()).toEqual([0]);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(items()).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[ARC-14] never holds more than its bound', () => {
    const { coalescer, items } = createRig(8);
    for (let i = 0; i < 9; i++) coalescer.push(i);
    expect(items()).toHaveLength(9);
    expect(vi.getTimerCount()).toBe(0);
    coalescer.push(9);
    expect(items()).toHaveLength(9);
  });

  it('[PRT-19] keeps the order and loses nothing, whatever the rhythm (property)', () => {
    const step = fc.record({
      count: fc.integer({ min: 0, max: 12 }),
      waitMs: fc.integer({ min: 0, max: 3 }),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (list) => {
        const { coalescer, delivered, items } = createRig(10);
        const pushedAt: number[] = [];
        for (const { count, waitMs, flush } of list) {
          for (let i = 0; i < count; i++) {
            pushedAt.push(Date.now());
            coalescer.push(pushedAt.length - 1);
          }
          if (flush) coalescer.flush();
          vi.advanceTimersByTime(waitMs);
        }
        vi.advanceTimersByTime(1);
        expect(items()).toEqual(pushedAt.map((_, i) => i));
        for (const { item, atMs } of delivered) expect(atMs - (pushedAt[item] ?? 0)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('[ARC-14] flushes on demand, and again without harm', () => {
    const { coalescer, items } = createRig();
    coalescer.push(1);
    coalescer.push(2);
    coalescer.flush();
    coalescer.flush();
    expect(items()).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
