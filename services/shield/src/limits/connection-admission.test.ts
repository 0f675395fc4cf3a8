import * as fc from 'fast-check';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnectionAdmission } from './connection-admission.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function create(changes: Partial<typeof DEFAULT_LIMITS> = {}) {
  return createConnectionAdmission({ ...DEFAULT_LIMITS, ...changes }, () => Date.now());
}

describe('attempts of one address', () => {
  it('[PRT-23] are held to a burst of 50 and 10 a second, each address for itself', () => {
    const admission = create();
    for (let i = 0; i < 50; i++) expect(admission.mayTry('198.51.100.1')).toBe(true);
    expect(admission.mayTry('198.51.100.1')).toBe(false);
    expect(admission.mayTry('198.51.100.2')).toBe(true);
    vi.advanceTimersByTime(100);
    expect(admission.mayTry('198.51.100.1')).toBe(true);
    expect(admission.mayTry('198.51.100.1')).toBe(false);
  });

  it('[PRT-23] are held to whatever is configured, and refill as configured (property)', () => {
    const rate = fc.integer({ min: 1, max: 200 });
    const waits = fc.array(fc.integer({ min: 0, max: 2_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(rate, rate, waits, (newConnectionsPerIpPerSecond, newConnectionsPerIpBurst, list) => {
        const admission = create({ newConnectionsPerIpPerSecond, newConnectionsPerIpBurst });
        let left = newConnectionsPerIpBurst;
        for (const wait of [0, ...list]) {
          vi.advanceTimersByTime(wait);
          left = Math.min(newConnectionsPerIpBurst, left + (wait * newConnectionsPerIpPerSecond) / 1_000);
          while (admission.mayTry('198.51.100.1')) left -= 1;
          expect(left).toBeGreaterThan(-1e-6);
          expect(left).toBeLessThan(1 + 1e-6);
        }
      }),
    );
  });

  it('[PRT-27] never leave more connections open than there may be, in whatever order they open and close (property)', () => {
    const steps = fc.array(fc.boolean(), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (connectionsPerIp, list) => {
        const admission = create({ connectionsPerIp });
        let open = 0;
        const step = (opens: boolean): readonly [isIn: boolean, mayBe: boolean] => {
          const hadRoom = open < connectionsPerIp;
          if (opens) {
            const isIn = admission.opened('198.51.100.1');
            open += Number(isIn);
            return [isIn, hadRoom];
          }
          if (open > 0) admission.closed('198.51.100.1');
          open = Math.max(open - 1, 0);
          return [true, true];
        };
        for (const [isIn, mayBe] of list.map(step)) expect(isIn).toBe(mayBe);
      }),
    );
  });

  it('[PRT-27] are refused while it has all its connections open', () => {
    const admission = create({ connectionsPerIp: 2 });
    expect(admission.opened('198.51.100.1')).toBe(true);
    expect(admission.mayTry('198.51.100.1')).toBe(true);
    expect(admission.opened('198.51.100.1')).toBe(true);
    expect(admission.mayTry('198.51.100.1')).toBe(false);
    admission.closed('198.51.100.1');
    expect(admission.mayTry('198.51.100.1')).toBe(true);
  });

  it('[PRT-27] that were under way together do not exceed the cap', () => {
    const admission = create({ connectionsPerIp: 3 });
    const opened = Array.from({ length: 10 }, () => admission.mayTry('198.51.100.1'))
      .filter((mayTry) => mayTry)
      .map(() => admission.opened('198.51.100.1'));
    expect(opened.filter((isOpen) => isOpen)).toHaveLength(3);
    for (let i = 0; i < 3; i++) admission.closed('198.51.100.1');
    expect(admission.opened('198.51.100.1')).toBe(true);
  });
});

describe('the sweep', () => {
  it('[PRT-27] L-02: forgets addresses that hold nothing and used nothing lately, and no others', () => {
    const admission = create({ connectionsPerIp: 1 });
    expect(admission.opened('198.51.100.1')).toBe(true);
    for (let i = 0; i < 50; i++) admission.mayTry('198.51.100.2');
    admission.sweep();
    expect(admission.mayTry('198.51.100.1')).toBe(false);
    expect(admission.mayTry('198.51.100.2')).toBe(false);
    admission.closed('198.51.100.1');
    vi.advanceTimersByTime(5_000);
    admission.sweep();
    expect(admission.addresses()).toBe(0);
  });
});

describe('the queue before the Shield', () => {
  const settled = async (outcomes: readonly (Promise<boolean> | boolean)[], after: number): Promise<number> => {
    let count = 0;
    for (const outcome of outcomes) void Promise.resolve(outcome).then((isIn) => (count += isIn ? 1 : 0));
    await vi.advanceTimersByTimeAsync(after);
    return count;
  };

  it('[PRT-23] lets in at once what the rate allows, without a promise', () => {
    const admission = create({ newConnectionsPerSecond: 5 });
    for (let i = 0; i < 5; i++) expect(admission.enter('198.51.100.1')).toBe(true);
    expect(admission.enter('198.51.100.1')).toBeInstanceOf(Promise);
  });

  it('[PRT-23] R-31: serves within two seconds whom it lets wait, first come first served, and tells the rest at once', async () => {
    const admission = create({ newConnectionsPerSecond: 5, connectQueueMs: 2_000 });
    for (let i = 0; i < 5; i++) expect(admission.enter('198.51.100.1')).toBe(true);
    const waiting = Array.from({ length: 10 }, () => admission.enter('198.51.100.1'));
    expect(admission.enter('198.51.100.1')).toBe(false);
    const order: number[] = [];
    for (const [i, outcome] of waiting.entries()) void Promise.resolve(outcome).then(() => order.push(i));
    expect(await settled(waiting, 1_000)).toBe(5);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('[PRT-23] lets nobody overtake those who wait', async () => {
    const admission = create({ newConnectionsPerSecond: 1 });
    expect(admission.enter('198.51.100.1')).toBe(true);
    const first = admission.enter('198.51.100.1');
    vi.setSystemTime(Date.now() + 1_000);
    const second = admission.enter('198.51.100.1');
    expect(second).toBeInstanceOf(Promise);
    expect(await settled([first, second], 2_000)).toBe(2);
  });

  it('[PRT-23] [PRD-4] lets in whom a crowd from many addresses would keep out, within a turn of all of them', async () => {
    const admission = create({ newConnectionsPerSecond: 100, connectQueueMs: 2_000 });
    const crowd = Array.from({ length: 20 }, (_, n) => `203.0.113.${n}`);
    // Four times what the rate serves, for as long as it goes on.
    const flood = (): void => {
      for (const ip of crowd) void admission.enter(ip);
    };
    for (let n = 0; n < 20; n++) {
      flood();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(admission.waiting()).toBeGreaterThan(180);
    let isIn = false;
    void Promise.resolve(admission.enter('198.51.100.1')).then((outcome) => (isIn = outcome));
    for (let n = 0; n < 5; n++) {
      flood();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(isIn).toBe(true);
  });

  it('[PRT-23] leaves no timer behind once it is empty', async () => {
    const admission = create({ newConnectionsPerSecond: 1 });
    expect(admission.enter('198.51.100.1')).toBe(true);
    void admission.enter('198.51.100.1');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('all connections of a Shield', () => {
  it('[PRD-5] L-06: are no more than it has room for, whoever they are, and one more when one has gone', async () => {
    const admission = createConnectionAdmission(DEFAULT_LIMITS, () => Date.now(), 3);
    for (let n = 1; n <= 3; n++) {
      expect(await admission.enter('198.51.100.1')).toBe(true);
      expect(admission.opened(`198.51.100.${n}`)).toBe(true);
    }
    expect(await admission.enter('198.51.100.1')).toBe(false);
    // Who was let in before it was full.
    expect(admission.opened('198.51.100.4')).toBe(false);
    admission.closed('198.51.100.2');
    expect(await admission.enter('198.51.100.1')).toBe(true);
  });
});
