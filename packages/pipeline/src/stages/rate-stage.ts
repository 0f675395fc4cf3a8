import type { Ingress } from '../ingress.ts';
import type { RateBudget } from '../rate-budget.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/**
 * Holds connection and tenant to their message and byte rates before a byte is parsed (PRT-23). `tenantBudget` gives
 * the tenant's share of this Shield.
 */
export function createRateStage(tenantBudget: (tenant: string) => Pick<RateBudget, 'messages' | 'bytes'>): Stage {
  return {
    name: 'rate',
    check: ({ origin, frame, monotonicMs: nowMs }: Ingress): Verdict => {
      const { messages, bytes } = origin.budget;
      if (!messages.take(1, nowMs)) return block('RATE_LIMITED', 'messages', undefined, messages.waitMs(1));
      if (!bytes.take(frame.length, nowMs))
        return block('RATE_LIMITED', 'bytes', undefined, bytes.waitMs(frame.length));
      const tenant = tenantBudget(origin.tenant);
      if (!tenant.messages.take(1, nowMs))
        return block('RATE_LIMITED', 'tenant_messages', undefined, tenant.messages.waitMs(1));
      if (!tenant.bytes.take(frame.length, nowMs)) {
        return block('RATE_LIMITED', 'tenant_bytes', undefined, tenant.bytes.waitMs(frame.length));
      }
      return ALLOW;
    },
  };
}
