import type { TenantId } from '@arqonbus/protocol';

/** Gives waits of one tenant ends apart from each other, so that not all come back in one instant (PRT-23). Times are in ms, of one clock. */
export interface SpreadEnds {
  /**
   * How long one that begins now takes, in whole ms: `ms`, or as much longer as it takes to end 200 ms after the last one of that length
   * in the tenant. Where that would be too long, ends are shared, one of each at a time.
   */
  begin(tenant: TenantId, ms: number): number;
  /** Forgets those of which every wait is over. */
  sweep(): void;
  /** How many are remembered: one for a tenant and a length. */
  size(): number;
}

/** To open a session and to end it costs 1 ms of a thread that all tenants share: half a percent of it, then, for each tenant. */
export const APART_MS = 200;

/** Nobody waits yet. No wait is longer than `longestMs`, unless it is asked for. */
export function createSpreadEnds(monotonicMs: () => number, longestMs: number): SpreadEnds {
  const lastEndsMs = new Map<string, number>();
  return {
    begin: (tenant, ms) => {
      const nowMs = monotonicMs();
      const key = `${ms} ${tenant}`;
      const apartMs = Math.round((lastEndsMs.get(key) ?? 0) + APART_MS - nowMs);
      const waitMs = apartMs > ms && apartMs <= longestMs ? apartMs : ms;
      lastEndsMs.set(key, nowMs + waitMs);
      return waitMs;
    },
    sweep: () => {
      const nowMs = monotonicMs();
      for (const [key, endMs] of lastEndsMs) if (endMs <= nowMs) lastEndsMs.delete(key);
    },
    size: () => lastEndsMs.size,
  };
}
