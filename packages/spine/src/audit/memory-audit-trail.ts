import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { AuditTrail, TrailEntry } from './audit-trail.ts';

/** What a trail in memory can be given. */
export interface MemoryAuditTrailOptions {
  /** Bytes of all records together, beyond which every further one is refused. */
  readonly maxBytes: number;
}

/** A trail that lasts as long as the process. */
export function createMemoryAuditTrail({ maxBytes }: MemoryAuditTrailOptions): AuditTrail {
  const chains = new Map<TenantId, TrailEntry[]>();
  let position = 0;
  let bytes = 0;
  return {
    async append(tenant, data, expectedPosition) {
      const chain = chains.get(tenant) ?? [];
      if ((chain.at(-1)?.position ?? 0) !== expectedPosition) throw new BusError('CONFLICT');
      if (bytes + data.length > maxBytes) throw new BusError('UNAVAILABLE', 'The audit trail is full.');
      bytes += data.length;
      position += 1;
      chain.push({ position, data: new Uint8Array(data) });
      chains.set(tenant, chain);
      return position;
    },
    head: async (tenant) => chains.get(tenant)?.at(-1),
    async read(tenant, { afterPosition, limit, maxBytes: pageBytes }) {
      const found: TrailEntry[] = [];
      let read = 0;
      for (const entry of chains.get(tenant) ?? []) {
        if (entry.position <= afterPosition) continue;
        if (found.length >= limit || read >= pageBytes) break;
        found.push(entry);
        read += entry.data.length;
      }
      return found;
    },
  };
}
