import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail } from '@arqonbus/spine';
import type { ChainEnd } from './audit-record.ts';
import type { Checkpoints } from './checkpoints.ts';

/** What watching over the chains needs. */
export interface WatchChainsOptions {
  readonly trail: Pick<AuditTrail, 'read'>;
  readonly checkpoints: Pick<Checkpoints, 'list'>;
  /** Whether the chain of this tenant is this Brain's to watch. */
  readonly isOurs: (tenant: TenantId) => boolean;
  readonly onBroken: (tenant: TenantId, checkpoint: ChainEnd) => void;
}

/**
 * Looks whether each chain still holds the record that its checkpoint names (O-15: a tail that was cut off is found within
 * minutes, and not when somebody next verifies). Gives how many do not.
 */
export async function watchChains(options: WatchChainsOptions): Promise<number> {
  let broken = 0;
  for (const [tenant, checkpoint] of await options.checkpoints.list()) {
    if (!options.isOurs(tenant) || (await holds(options.trail, tenant, checkpoint))) continue;
    broken += 1;
    options.onBroken(tenant, checkpoint);
  }
  return broken;
}

async function holds(trail: Pick<AuditTrail, 'read'>, tenant: TenantId, checkpoint: ChainEnd): Promise<boolean> {
  const [entry] = await trail.read(tenant, { afterPosition: checkpoint.position - 1, limit: 1, maxBytes: 1 });
  if (entry?.position !== checkpoint.position) return false;
  return readMessage(AuditRecordSchema, entry.data)?.hash === checkpoint.hash;
}
