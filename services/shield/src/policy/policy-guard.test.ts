import { DEFAULT_FUEL, MAX_FUEL } from '@arqonbus/policy';
import type { PolicyOutcome } from '@arqonbus/policy';
import { createTestInstance, createTestMessage, policyOf } from '@arqonbus/policy/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicyGuard } from './policy-guard.ts';

const message = createTestMessage('{}');
const wasted: PolicyOutcome = { kind: 'fault', fuel: DEFAULT_FUEL, fault: 'fuel' };
const trapped: PolicyOutcome = { kind: 'fault', fuel: 9, fault: 'trap' };
const allowed: PolicyOutcome = { kind: 'allow', fuel: 100, payload: undefined, headers: [] };

function start(fuelPerSecond = 1_000 * DEFAULT_FUEL) {
  const clock = { nowMs: 5_000 };
  const limits = { policyFuelPerTenantPerSecond: fuelPerSecond };
  const suspended: string[] = [];
  const asked: PolicyOutcome[] = [];
  const guard = createPolicyGuard({
    monotonicMs: () => clock.nowMs,
    limits,
    onSuspended: ({ name, version }) => void suspended.push(`${name} ${version}`),
  });
  let says: PolicyOutcome = allowed;
  const judge = {
    check: (): PolicyOutcome => {
      asked.push(says);
      return says;
    },
  };
  const guarded = guard.around({ name: 'filter', version: 3 }, judge);
  const check = (outcome: PolicyOutcome): string => {
    says = outcome;
    const said = guarded.check(message, MAX_FUEL);
    return said.kind === 'fault' ? said.fault : said.kind;
  };
  const times = (count: number, outcome: PolicyOutcome): readonly string[] => [
    ...new Set(Array.from({ length: count }, () => check(outcome))),
  ];
  return { clock, limits, suspended, asked, guard, judge, check, times };
}

describe('a policy that wastes fuel', () => {
  it('[WSM-2] [WSM-6] is not asked for a second after ten times in a row, and blocks meanwhile', () => {
    const { clock, suspended, asked, check, times } = start();
    expect(times(10, wasted)).toEqual(['fuel']);
    expect(suspended).toEqual(['filter 3']);
    expect(times(500, allowed)).toEqual(['suspended']);
    clock.nowMs += 999;
    expect(check(allowed)).toBe('suspended');
    expect(asked).toHaveLength(10);
    clock.nowMs += 1;
    expect(times(20, allowed)).toEqual(['allow']);
  });

  it('[WSM-2] is asked once more then, and suspended again where nothing has changed', () => {
    const { clock, suspended, asked, check, times } = start();
    times(10, wasted);
    for (let second = 1; second <= 5; second += 1) {
      clock.nowMs += 1_000;
      expect(check(wasted)).toBe('fuel');
      expect(times(50, wasted)).toEqual(['suspended']);
    }
    expect([asked.length, suspended.length]).toEqual([15, 6]);
  });

  it('[WSM-2] goes on where it lets messages through in between, and where what fails is cheap', () => {
    const { suspended, times } = start();
    for (let round = 0; round < 20; round += 1) {
      expect(times(9, wasted)).toEqual(['fuel']);
      expect(times(1, allowed)).toEqual(['allow']);
    }
    expect(times(100, trapped)).toEqual(['trap']);
    expect(suspended).toEqual([]);
  });

  it('[WSM-2] stays suspended when chains are made anew', () => {
    const { guard, judge, times } = start();
    times(10, wasted);
    expect(guard.around({ name: 'filter', version: 3 }, judge).check(message, MAX_FUEL)).toMatchObject({
      fault: 'suspended',
    });
  });

  it('[WSM-2] C-02: calls in calls until the stack ends count as all of the fuel', async () => {
    const { guard, suspended } = start();
    const calls = '(func $f (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))';
    const deep = await createTestInstance(policyOf('(call $f (i32.const 0))', calls));
    const guarded = guard.around({ name: 'deep', version: 1 }, deep);
    const said = Array.from({ length: 11 }, () => guarded.check(message, DEFAULT_FUEL));
    expect(said[0]).toEqual({ kind: 'fault', fault: 'stack', fuel: DEFAULT_FUEL });
    expect(said[10]).toMatchObject({ fault: 'suspended' });
    expect(suspended).toEqual(['deep 1']);
  });
});

describe('the fuel of a tenant', () => {
  it('[WSM-2] [PRT-23] is so much a second for all of its policies; beyond it they block unasked', () => {
    const { clock, limits, asked, check, times } = start(5 * DEFAULT_FUEL);
    const costly: PolicyOutcome = { ...allowed, fuel: DEFAULT_FUEL };
    expect(times(5, costly)).toEqual(['allow']);
    expect(times(100, costly)).toEqual(['tenant_fuel']);
    expect(asked).toHaveLength(5);
    clock.nowMs += 200;
    expect([check(costly), check(costly)]).toEqual(['allow', 'tenant_fuel']);
    limits.policyFuelPerTenantPerSecond = 50 * DEFAULT_FUEL;
    expect(check(costly)).toBe('tenant_fuel');
    clock.nowMs += 20;
    expect([check(costly), check(costly)]).toEqual(['allow', 'tenant_fuel']);
  });

  it('[WSM-2] [PRT-23] is never more than the rate gives and one call, whatever comes when', () => {
    const step = fc.record({ afterMs: fc.nat(1_500), fuel: fc.integer({ min: 1, max: MAX_FUEL }) });
    const rates = fc.integer({ min: DEFAULT_FUEL, max: 20 * DEFAULT_FUEL });
    fc.assert(
      fc.property(rates, fc.array(step, { minLength: 1, maxLength: 200 }), (rate, steps) => {
        const { clock, asked, check } = start(rate);
        const startedMs = clock.nowMs;
        for (const { afterMs, fuel } of steps) {
          clock.nowMs += afterMs;
          check({ ...allowed, fuel });
          const taken = asked.reduce((sum, outcome) => sum + outcome.fuel, 0);
          const given = rate + (rate * (clock.nowMs - startedMs)) / 1_000;
          expect(taken).toBeLessThan(given + MAX_FUEL);
        }
        clock.nowMs += Math.ceil((MAX_FUEL / rate) * 1_000) + 1;
        expect(check(allowed)).toBe('allow');
      }),
      { numRuns: 50 },
    );
  });
});
