import { ApiKeyRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { ApiKeyRecord, ListKeysRequest } from '@arqonbus/protocol/spine-messages';
import { tenantPrefix } from '@arqonbus/spine';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseTenant } from '../requests/parse-request.ts';
import type { KeyParts } from './key-parts.ts';

/** Names of the fields and the times of one key in a JSON frame, and of one permission. */
const FIELDS_BYTES = 320;
const PERMISSION_BYTES = 60;

const NOTHING = new Uint8Array(0);

/** A page of the keys of a tenant. Their hashes are the business of Bridges alone. */
export async function listKeys(
  request: ListKeysRequest,
  { bucket, pageBytes }: Pick<KeyParts, 'bucket' | 'pageBytes'>,
): Promise<{ readonly items: ApiKeyRecord[]; readonly cursor: string }> {
  const entries = await bucket.list(tenantPrefix(parseTenant(request.tenant)));
  const keys = entries
    .map(({ value }) => fromBinary(ApiKeyRecordSchema, value))
    .map((record) => ({ ...record, hash: NOTHING, previousHash: NOTHING }))
    .toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1));
  return takePage(keys, request, { keyOf: ({ keyId }) => keyId, sizeOf, pageBytes });
}

function sizeOf({ name, createdBy, permissions }: ApiKeyRecord): number {
  const patterns = permissions.reduce(
    (sum, { action, pattern }) => sum + PERMISSION_BYTES + jsonBytes(action) + jsonBytes(pattern),
    0,
  );
  return FIELDS_BYTES + jsonBytes(name) + jsonBytes(createdBy) + patterns;
}
