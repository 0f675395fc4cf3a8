import type { Activity } from './activity/activity.ts';
import { createCasilObserver } from './casil/casil-observer.ts';
import type { CasilObserver } from './casil/casil-observer.ts';
import { createCasilPolicies } from './casil/casil-policies.ts';
import type { CasilPolicies } from './casil/casil-policies.ts';
import type { ShieldOptions } from './shield-options.ts';

/** What inspects content and tells of it. */
export interface CasilShieldParts {
  readonly policies: CasilPolicies;
  readonly observer: CasilObserver;
}

/** Composes the policies in force and who observes them. */
export function composeCasil(options: ShieldOptions, activity: Activity): CasilShieldParts {
  const { casil, keyValue, onSettings, metrics, logger, clock } = options;
  const policies = createCasilPolicies({
    bucket: keyValue.bucket('ARQON_CASIL'),
    configured: casil,
    onSettings,
    logger,
    refused: metrics.counter('arqonbus_casil_refused_total', 'Changes of CASIL that could not be used here.'),
  });
  metrics.gauge('arqonbus_casil_enabled', '1 while content is inspected for any tenant.', () =>
    Number(policies.isOn()),
  );
  metrics.gauge('arqonbus_casil_overrides', 'Tenants that have changed settings of CASIL.', () => policies.count());
  const observer = createCasilObserver({ activity, metrics, logger, monotonicMs: () => clock.monotonicMs() });
  return { policies, observer };
}
