import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { StoreParts } from './store-parts.ts';
import { tellChanges } from './tell-changes.ts';

/** Values in one step, which holds up the other changes of their tenant. */
const STEP = 500;
const MAX_STEPS = 20;

/** Removes what has expired in a tenant, and tells it; gives how much that was. */
export async function removeExpired(parts: StoreParts, tenant: TenantId): Promise<number> {
  let removed = 0;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const gone = await parts.store.removeExpired(tenant, STEP);
    removed += gone.length;
    if (gone.length > 0) {
      parts.metrics?.changed('expired', gone.length);
      tellChanges(parts, tenant, gone);
    }
    if (gone.length < STEP) break;
  }
  return removed;
}

/** Does so for all tenants that fit. A store that is down is told of by health; the next sweep does all of it. */
export async function sweepStore(parts: StoreParts, isOurs: (tenant: TenantId) => boolean): Promise<void> {
  try {
    for (const tenant of (await parts.store.due()).filter(isOurs)) await removeExpired(parts, tenant);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
  }
}
