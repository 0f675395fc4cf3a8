import { ACTIONS, createApiKey, hashApiKey, parseIdentity } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ApiKeyRecordSchema, IdentitySchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ApiKeyRecord, CreateKeyRequest } from '@arqonbus/protocol/spine-messages';
import { apiKeyKey, tenantPrefix } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseText, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import type { KeyParts } from './key-parts.ts';

/** A server needs one, or two while it changes; more than these nobody looks after. */
const MAX_KEYS = 256;
const MAX_NAME_LENGTH = 128;
const ID_BYTES = 10;

/** Makes a key. It is told to who asked, and kept by nobody. */
export async function createKey(
  request: CreateKeyRequest,
  { bucket, now, fillRandom, audit }: KeyParts,
): Promise<{ readonly record: ApiKeyRecord; readonly key: string }> {
  const tenant = parseTenant(request.tenant);
  const actor = parseRequester(request.requestedBy);
  const { permissions, expiresAtMs, requestedBy: createdBy } = request;
  const name = parseText(request.name, MAX_NAME_LENGTH, 'name');
  const role = request.role === '' ? 'guest' : request.role;
  checkRights(request, role);
  await checkQuota(bucket, tenant);
  const id = Buffer.alloc(ID_BYTES);
  fillRandom(id);
  const keyId = id.toString('hex');
  const key = createApiKey(keyId, fillRandom);
  const fields = { keyId, name, role, permissions, expiresAtMs, createdBy, createdAtMs: BigInt(now()) };
  const record = create(ApiKeyRecordSchema, { ...fields, hash: hashApiKey(key) });
  const data = toBinary(ApiKeyRecordSchema, record);
  const action = {
    tenant,
    actor,
    action: 'op.key.create',
    target: `key:${keyId}`,
    traceId: parseTraceId(request.traceId),
    after: digestOf(data),
    details: { name, role, permissions: permissions.map(describe).join(', ') },
  };
  await audit.run(action, () => bucket.create(apiKeyKey(tenant, keyId), data));
  return { record, key };
}

function describe({ action, pattern, effect }: CreateKeyRequest['permissions'][number]): string {
  return `${effect} ${action} ${pattern}`;
}

/** What a token could not say a key cannot either. */
function checkRights({ tenant: tenantId, permissions, name }: CreateKeyRequest, role: string): void {
  const refusalOf = (some: CreateKeyRequest['permissions']): string | undefined => {
    const parsed = parseIdentity(create(IdentitySchema, { tenantId, user: 'key', role, permissions: some, name }));
    return typeof parsed === 'string' ? parsed : undefined;
  };
  const refusal = refusalOf([]);
  if (refusal !== undefined) throw new BusError('VALIDATION_ERROR', `The key cannot be: ${refusal}.`);
  const strange = permissions.find((permission) => refusalOf([permission]) !== undefined);
  if (strange === undefined) return;
  const what = `an action is one of ${ACTIONS.join(', ')} or *, a pattern a room:channel glob`;
  throw new BusError('VALIDATION_ERROR', `${JSON.stringify(describe(strange))} is no permission: ${what}.`);
}

/** Two that come at once may exceed it by one, which harms nobody. */
async function checkQuota(bucket: KeyValue, tenant: TenantId): Promise<void> {
  const keys = await bucket.list(tenantPrefix(tenant));
  if (keys.length >= MAX_KEYS) throw new BusError('QUOTA_EXCEEDED', `A tenant has at most ${MAX_KEYS} keys.`);
}
