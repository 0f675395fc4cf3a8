import { createTokenBucket } from '@arqonbus/pipeline';
import type { TokenBucket } from '@arqonbus/pipeline';
import type { TenantId } from '@arqonbus/protocol';
import { activityRates, floodRate } from './activity-events.ts';
import type { ActivityEvent } from './activity-events.ts';

/** How much is told of each tenant. */
export interface Rations {
  /** Takes one of the tenant's events of this kind; false = there is none left for now. */
  take(tenant: TenantId, type: ActivityEvent, isFlood: boolean): boolean;
  /** Forgets tenants of which nothing was told lately. */
  sweep(): void;
}

/** All are full. */
export function createRations(monotonicMs: () => number): Rations {
  const buckets = new Map<string, TokenBucket>();
  return {
    take: (tenant, type, isFlood) => {
      const key = `${tenant}/${type}${isFlood ? '/flood' : ''}`;
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        const rate = activityRates[type];
        const { perSecond, atOnce } = isFlood ? floodRate : { perSecond: rate, atOnce: rate };
        bucket = createTokenBucket(perSecond, atOnce, monotonicMs());
        buckets.set(key, bucket);
      }
      return bucket.take(1, monotonicMs());
    },
    sweep: () => {
      for (const [key, bucket] of buckets) if (bucket.isFull(monotonicMs())) buckets.delete(key);
    },
  };
}
