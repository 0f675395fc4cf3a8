import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail, TrailEntry } from '@arqonbus/spine';
import type { AuditCopy, CopiedRecord } from '@arqonbus/storage';

/** What copying reads and writes. */
export interface CopyChainParts {
  readonly trail: Pick<AuditTrail, 'read'>;
  readonly copy: Pick<AuditCopy, 'add' | 'last'>;
}

const BATCH = 200;
const BATCH_BYTES = 524_288;

/**
 * Copies what a chain has beyond its copy, batch by batch, and gives how many records that were. Several may copy one
 * chain: what stands in the copy stays, so nobody needs a lease. Throws where trail or copy cannot be used, or a record
 * cannot be read: then the copy ends before it.
 */
export async function copyChain({ trail, copy }: CopyChainParts, tenant: TenantId): Promise<number> {
  let copied = 0;
  let afterPosition = (await copy.last(tenant))?.position ?? 0;
  for (;;) {
    const entries = await trail.read(tenant, { afterPosition, limit: BATCH, maxBytes: BATCH_BYTES });
    const last = entries.at(-1);
    if (last === undefined) return copied;
    await copy.add(tenant, entries.map(toCopied));
    copied += entries.length;
    afterPosition = last.position;
  }
}

function toCopied({ position, data }: TrailEntry): CopiedRecord {
  const { seq, hash, atMs } = fromBinary(AuditRecordSchema, data);
  return { seq: Number(seq), hash, position, atMs: Number(atMs), data };
}
