import { createTokenBucket } from '@arqonbus/pipeline';
import type { ChainLink, PolicyOutcome } from '@arqonbus/policy';
import type { Limits } from '@arqonbus/protocol';

type Judge = NonNullable<ChainLink['instance']>;

/** Keeps the policies of one tenant from taking the time of others, who share the thread (WSM-2, PRT-23). */
export interface PolicyGuard {
  /** Judges as `judge` does, as long as it may; for the same judge always the same. */
  around(named: GuardedPolicy, judge: Judge): Judge;
}

/** Which policy is guarded. */
export interface GuardedPolicy {
  readonly name: string;
  readonly version: number;
}

/** What guarding needs from around it. */
export interface PolicyGuardOptions {
  readonly monotonicMs: () => number;
  /** In force now, as it may change at any time (CFG-1). */
  readonly limits: Pick<Limits, 'policyFuelPerTenantPerSecond'>;
  /** Told when a policy is not asked any more for a while. */
  readonly onSuspended: (policy: GuardedPolicy) => void;
}

/** So often in a row: a policy that lets anything through in between does not lose its word for what others sent. */
const WASTES_IN_A_ROW = 10;
/** A fault that took less is cheap, and is no waste. */
const WASTED_FUEL = 100_000;
const SUSPENDED_MS = 1_000;

const SUSPENDED: PolicyOutcome = Object.freeze({ kind: 'fault', fuel: 0, fault: 'suspended' });
const TENANT_FUEL: PolicyOutcome = Object.freeze({ kind: 'fault', fuel: 0, fault: 'tenant_fuel' });

/**
 * A guard for one tenant. What its policies take comes out of one bucket: once that is empty, they block without being
 * asked. A policy that wastes fuel and blocks, time after time, blocks at once for a second; then one message tells
 * whether it still does.
 */
export function createPolicyGuard({ monotonicMs, limits, onSuspended }: PolicyGuardOptions): PolicyGuard {
  let rate = limits.policyFuelPerTenantPerSecond;
  const budget = createTokenBucket(rate, rate, monotonicMs());
  const mayTake = (nowMs: number): boolean => {
    if (rate !== limits.policyFuelPerTenantPerSecond) {
      rate = limits.policyFuelPerTenantPerSecond;
      budget.setRate(rate, rate, nowMs);
    }
    return budget.take(1, nowMs);
  };
  const guardOf = (named: GuardedPolicy, judge: Judge): Judge => {
    let wastes = 0;
    let suspendedUntilMs = Number.NEGATIVE_INFINITY;
    return {
      check: (message, fuel) => {
        const nowMs = monotonicMs();
        if (nowMs < suspendedUntilMs) return SUSPENDED;
        if (!mayTake(nowMs)) return TENANT_FUEL;
        const outcome = judge.check(message, fuel);
        budget.spend(outcome.fuel, nowMs);
        wastes = outcome.kind === 'fault' && outcome.fuel >= WASTED_FUEL ? wastes + 1 : 0;
        if (wastes >= WASTES_IN_A_ROW) {
          suspendedUntilMs = nowMs + SUSPENDED_MS;
          onSuspended(named);
        }
        return outcome;
      },
    };
  };
  const guarded = new WeakMap<Judge, Judge>();
  return {
    around: (named, judge) => {
      const known = guarded.get(judge) ?? guardOf(named, judge);
      guarded.set(judge, known);
      return known;
    },
  };
}
