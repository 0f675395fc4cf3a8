import type { TenantId } from '@arqonbus/protocol';

/** Gives waits of one tenant ends apart from each other, so that not all come back in one instant (PRT-23). Times are in ms, of one clock. */
export interface SpreadEnds {
  /** How long one that begins now takes, in whole ms: `ms` where none of that length goes on in the tenant, else up to twice as long. */
  begin(tenant: TenantId, ms: number): number;
  /** Forgets those of which every wait is over. */
  sweep(): void;
  /** How many are remembered: one for a tenant and a length. */
  size(): number;
}

interface Waits {
  count: number;
  lastEndMs: number;
}

/** The fractions of its multiples lie about evenly in [0, 1), however many they are: the golden ratio. */
const STEP = (Math.sqrt(5) - 1) / 2;

/** Nobody waits yet. */
export function createSpreadEnds(monotonicMs: () => number): SpreadEnds {
  const waits = new Map<string, Waits>();
  return {
    begin: (tenant, ms) => {
      const nowMs = monotonicMs();
      const key = `${ms} ${tenant}`;
      const last = waits.get(key);
      const count = last === undefined || last.lastEndMs <= nowMs ? 0 : last.count + 1;
      const waitMs = Math.round(ms * (1 + ((count * STEP) % 1)));
      const endMs = nowMs + waitMs;
      waits.set(key, { count, lastEndMs: count === 0 ? endMs : Math.max(endMs, last?.lastEndMs ?? 0) });
      return waitMs;
    },
    sweep: () => {
      for (const [key, { lastEndMs }] of waits) if (lastEndMs <= monotonicMs()) waits.delete(key);
    },
    size: () => waits.size,
  };
}
