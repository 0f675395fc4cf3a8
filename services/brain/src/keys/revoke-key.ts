import type { RevokeKeyRequest } from '@arqonbus/protocol/spine-messages';
import { apiKeyKey } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { parseKeyId } from './key-parts.ts';
import type { KeyParts } from './key-parts.ts';

/** Takes a key away; Bridges hear of it at once. */
export async function revokeKey(
  request: RevokeKeyRequest,
  { bucket, audit }: KeyParts,
): Promise<{ readonly revoked: boolean }> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const keyId = parseKeyId(request.keyId);
  const known = await bucket.get(apiKeyKey(tenant, keyId));
  if (known === undefined) return { revoked: false };
  const action = {
    tenant,
    actor,
    action: 'op.key.revoke',
    target: `key:${keyId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(known.value),
  };
  await audit.run(action, () => bucket.delete(known.key, known.revision));
  return { revoked: true };
}
