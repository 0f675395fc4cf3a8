import { GrantRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { GrantRecord } from '@arqonbus/protocol/spine-messages';
import type { StoredGrant } from '@arqonbus/storage';

/** A grant as it travels on the Spine. */
export function recordOf(grant: StoredGrant): GrantRecord {
  return create(GrantRecordSchema, {
    grantId: grant.grantId,
    subject: grant.subject,
    action: grant.action,
    pattern: grant.pattern,
    deny: grant.effect === 'deny',
    expiresAtMs: BigInt(grant.expiresAtMs ?? 0),
    createdBy: grant.createdBy,
    createdAtMs: BigInt(grant.createdAtMs),
  });
}
