import { createApiKey, hashApiKey } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import { ApiKeyRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ApiKeyRecord, RotateKeyRequest } from '@arqonbus/protocol/spine-messages';
import { apiKeyKey } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { parseKeyId } from './key-parts.ts';
import type { KeyParts } from './key-parts.ts';

/** A new key in the place of the old one, which is taken for `overlap_ms` longer; one that was old already is not. */
export async function rotateKey(
  request: RotateKeyRequest,
  { bucket, now, fillRandom, audit }: KeyParts,
): Promise<{ readonly record: ApiKeyRecord; readonly key: string }> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const keyId = parseKeyId(request.keyId);
  const entry = apiKeyKey(tenant, keyId);
  const known = await bucket.get(entry);
  if (known === undefined) throw new BusError('NOT_FOUND', 'There is no such key.');
  const before = fromBinary(ApiKeyRecordSchema, known.value);
  const key = createApiKey(keyId, fillRandom);
  const previousUntilMs = BigInt(now()) + request.overlapMs;
  const record = create(ApiKeyRecordSchema, {
    ...before,
    hash: hashApiKey(key),
    previousHash: before.hash,
    previousUntilMs,
  });
  const data = toBinary(ApiKeyRecordSchema, record);
  const action = {
    tenant,
    actor,
    action: 'op.key.rotate',
    target: `key:${keyId}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(known.value),
    after: digestOf(data),
    details: { overlap_ms: Number(request.overlapMs) },
  };
  await audit.run(action, () => bucket.update(entry, data, known.revision));
  return { record, key };
}
