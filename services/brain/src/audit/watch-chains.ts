import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail } from '@arqonbus/spine';
import type { AuditCopy, CopiedPlace } from '@arqonbus/storage';
import type { Checkpoints } from './checkpoints.ts';

/** What watching over the chains needs. */
export interface WatchChainsOptions {
  readonly trail: Pick<AuditTrail, 'read'>;
  readonly checkpoints: Pick<Checkpoints, 'list'>;
  readonly copy: Pick<AuditCopy, 'last'> | undefined;
  /** Whether the chain of this tenant is this Brain's to watch. */
  readonly isOurs: (tenant: TenantId) => boolean;
  readonly onBroken: (tenant: TenantId, missing: CopiedPlace) => void;
}

/**
 * Looks whether each chain still holds the record that its checkpoint names, and the last one of its copy (O-15: a tail that
 * was cut off is found within minutes, and not when somebody next verifies). Gives how many do not.
 */
export async function watchChains(options: WatchChainsOptions): Promise<number> {
  let broken = 0;
  for (const [tenant, checkpoint] of await options.checkpoints.list()) {
    if (!options.isOurs(tenant)) continue;
    const missing = await findMissing(options, tenant, checkpoint);
    if (missing === undefined) continue;
    broken += 1;
    options.onBroken(tenant, missing);
  }
  return broken;
}

async function findMissing(
  { trail, copy }: WatchChainsOptions,
  tenant: TenantId,
  checkpoint: CopiedPlace,
): Promise<CopiedPlace | undefined> {
  if (!(await holds(trail, tenant, checkpoint))) return checkpoint;
  // Without Postgres the checkpoint has to do.
  const copied = await copy?.last(tenant).catch(() => undefined);
  return copied === undefined || (await holds(trail, tenant, copied)) ? undefined : copied;
}

async function holds(trail: Pick<AuditTrail, 'read'>, tenant: TenantId, place: CopiedPlace): Promise<boolean> {
  const [entry] = await trail.read(tenant, { afterPosition: place.position - 1, limit: 1, maxBytes: 1 });
  if (entry?.position !== place.position) return false;
  return readMessage(AuditRecordSchema, entry.data)?.hash === place.hash;
}
