import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';

/** Bounds how fast replays, which every user may ask for, fill the audit trail. */
export interface ReplayAllowance {
  /** Takes one; throws `RATE_LIMITED` where the tenant has had all of this minute. */
  take(tenant: TenantId): void;
}

/** Replays of one tenant in a minute, at one Brain. */
export const REPLAYS_PER_MINUTE = 120;
const MINUTE_MS = 60_000;

/** Nothing is taken yet. Counts begin anew each minute, all together. */
export function createReplayAllowance(monotonicMs: () => number): ReplayAllowance {
  const taken = new Map<TenantId, number>();
  let sinceMs = monotonicMs();
  return {
    take(tenant) {
      if (monotonicMs() - sinceMs >= MINUTE_MS) {
        taken.clear();
        sinceMs = monotonicMs();
      }
      const count = taken.get(tenant) ?? 0;
      if (count >= REPLAYS_PER_MINUTE) {
        const retry_after_ms = MINUTE_MS - (monotonicMs() - sinceMs);
        throw new BusError('RATE_LIMITED', 'The tenant has asked for too many replays.', {
          details: { retry_after_ms },
        });
      }
      taken.set(tenant, count + 1);
    },
  };
}
