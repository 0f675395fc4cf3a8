import { setTimeout as delay } from 'node:timers/promises';
import { redactForLog } from './casil/redact-for-log.ts';
import { createPolicyChains } from './policy/policy-chains.ts';
import type { PolicyChains } from './policy/policy-chains.ts';
import { createPolicyGuard } from './policy/policy-guard.ts';
import { createPolicyLoader } from './policy/policy-loader.ts';
import type { PolicyLoader } from './policy/policy-loader.ts';
import { createPolicyObserver } from './policy/policy-observer.ts';
import type { PolicyObserver } from './policy/policy-observer.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What lets policies judge and tells of it. */
export interface PolicyShieldParts {
  readonly chains: PolicyChains;
  readonly loader: PolicyLoader;
  readonly observer: PolicyObserver;
}

/** Composes the policies in force and who observes them. */
export function composePolicy({ keyValue, metrics, logger, clock, limits }: ShieldOptions): PolicyShieldParts {
  const bucket = keyValue.bucket('ARQON_POLICIES');
  const refused = metrics.counter('arqonbus_policy_refused_total', 'Policies that could not be used here.');
  const loader = createPolicyLoader({ bucket, logger, refused });
  const monotonicMs = (): number => clock.monotonicMs();
  const observer = createPolicyObserver({ metrics, logger, monotonicMs, redact: redactForLog });
  const chains = createPolicyChains({
    bucket,
    loader,
    logger,
    refused,
    createGuard: (tenant) =>
      createPolicyGuard({ monotonicMs, limits, onSuspended: (policy) => observer.suspended(tenant, policy) }),
    now: () => clock.now(),
    pause: (ms) => delay(ms, undefined, { ref: false }),
  });
  metrics.gauge('arqonbus_policy_tenants', 'Tenants with policies bound.', () => chains.count());
  return { chains, loader, observer };
}
