import { BusError } from '@arqonbus/protocol';
import type { Lease, Leases } from './leases.ts';

interface HeldLease {
  readonly token: number;
  expiresMs: number;
  /** Writes under way, during which nobody can take it. */
  writes: number;
}

/** Leases among what runs in this process; `monotonicMs` tells when they run out. */
export function createMemoryLeases(monotonicMs: () => number): Leases<undefined> {
  const held = new Map<string, HeldLease>();
  let lastToken = 0;
  const current = (lease: Lease): HeldLease | undefined => {
    const found = held.get(keyOf(lease));
    return found?.token === lease.token ? found : undefined;
  };
  return {
    acquire: async (wanted, _holder, ttlMs) => {
      const present = held.get(keyOf(wanted));
      if (present !== undefined && (present.writes > 0 || present.expiresMs > monotonicMs())) return undefined;
      const token = (lastToken += 1);
      held.set(keyOf(wanted), { token, expiresMs: monotonicMs() + ttlMs, writes: 0 });
      return { tenant: wanted.tenant, name: wanted.name, token };
    },
    renew: async (lease, ttlMs) => {
      const mine = current(lease);
      if (mine !== undefined) mine.expiresMs = monotonicMs() + ttlMs;
      return mine !== undefined;
    },
    release: async (lease) => {
      if (current(lease) !== undefined) held.delete(keyOf(lease));
    },
    fenced: async (lease, write) => {
      const mine = current(lease);
      if (mine === undefined) throw new BusError('CONFLICT', 'The lease is held by another.');
      mine.writes += 1;
      try {
        return await write(undefined);
      } finally {
        mine.writes -= 1;
      }
    },
  };
}

function keyOf({ tenant, name }: Pick<Lease, 'tenant' | 'name'>): string {
  return `${tenant}\n${name}`;
}
