import type { TenantId } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createTestClock } from '../session/session-rig.ts';
import { APART_MS, createSpreadEnds } from './spread-ends.ts';

const acme = 'acme' as TenantId;
const LONGEST_MS = 60_000;

function createRig() {
  const clock = createTestClock();
  const ends = createSpreadEnds(() => clock.monotonicMs(), LONGEST_MS);
  const wait = (ms = 1_000, tenant = acme): number => ends.begin(tenant, ms);
  return { clock, ends, wait };
}

describe('waits of one tenant', () => {
  it('[PRT-23] end apart from each other, in the order in which they begin, whenever that is', () => {
    const { clock, wait } = createRig();
    expect([wait(), wait(), wait()]).toEqual([1_000, 1_000 + APART_MS, 1_000 + 2 * APART_MS]);
    clock.advance(300);
    expect(wait()).toBe(700 + 3 * APART_MS);
    clock.advance(3 * APART_MS);
    // One that begins as long after another as they end apart waits for no longer than if it were alone.
    expect([wait(), clock.advance(APART_MS), wait()]).toEqual([1_000, undefined, 1_000]);
  });

  it('[PRT-23] are never too long: of very many some end together, as few as can be', () => {
    const { wait } = createRig();
    const counts = new Map<number, number>();
    for (let n = 0; n < 3_000; n++) {
      const ms = wait();
      counts.set(ms, (counts.get(ms) ?? 0) + 1);
    }
    expect(Math.max(...counts.keys())).toBe(LONGEST_MS);
    // An end every 200 ms from 1 s to 60 s.
    expect(counts.size).toBe((LONGEST_MS - 1_000) / APART_MS + 1);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
    expect([wait(LONGEST_MS), wait(LONGEST_MS)]).toEqual([LONGEST_MS, LONGEST_MS]);
  });

  it('[PRT-23] are as long as they are alone, once the others are over, and beside others of another length or tenant', () => {
    const { clock, wait } = createRig();
    expect([wait(), wait(2_000), wait(1_000, 'globex' as TenantId)]).toEqual([1_000, 2_000, 1_000]);
    clock.advance(wait());
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
