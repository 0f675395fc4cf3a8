import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../session/session-rig.ts';
import { createSpreadEnds } from './spread-ends.ts';

const acme = 'acme' as TenantId;

function createRig() {
  const clock = createTestClock();
  const ends = createSpreadEnds(() => clock.monotonicMs());
  const wait = (ms = 1_000, tenant = acme): number => ends.begin(tenant, ms);
  return { clock, ends, wait };
}

describe('waits of one tenant', () => {
  it.each([2, 5, 20, 1_000])('[PRT-23] end apart from each other, %i of them at once', (count) => {
    const { wait } = createRig();
    const ends = Array.from({ length: count }, () => wait(60_000)).toSorted((a, b) => a - b);
    expect(ends[0]).toBe(60_000);
    expect(ends.at(-1)).toBeLessThan(120_000);
    const gaps = ends.slice(1).map((end, n) => end - (ends[n] ?? 0));
    // The golden ratio leaves no two closer than about 0.38 of an even share of the time.
    expect(Math.min(...gaps)).toBeGreaterThan((0.3 * 60_000) / count);
  });

  it('[PRT-23] are as long as they are alone, once the others are over, and beside others of another length or tenant', () => {
    const { clock, wait } = createRig();
    expect([wait(), wait(2_000), wait(1_000, 'globex' as TenantId)]).toEqual([1_000, 2_000, 1_000]);
    const second = wait();
    expect(second).toBeGreaterThan(1_000);
    clock.advance(second - 1);
    expect(wait()).toBeGreaterThan(1_000);
    clock.advance(2_000);
    expect(wait()).toBe(1_000);
  });

  it('[PRT-23] are of whole milliseconds, whatever the clock says', () => {
    const { clock, wait } = createRig();
    // From here, a second later is 999.999… ms later.
    clock.advance(0.1);
    expect([wait(), Number.isInteger(wait())]).toEqual([1_000, true]);
  });

  it('[PRD-5] are forgotten when all of a length are over', () => {
    const { clock, ends, wait } = createRig();
    wait();
    const second = wait();
    expect(ends.size()).toBe(1);
    clock.advance(second - 1);
    ends.sweep();
    expect(ends.size()).toBe(1);
    clock.advance(1);
    ends.sweep();
    expect(ends.size()).toBe(0);
  });
});
