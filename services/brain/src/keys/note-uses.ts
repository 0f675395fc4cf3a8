import { ApiKeyRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { KeyUse, KeysUsedRequest } from '@arqonbus/protocol/spine-messages';
import { apiKeyKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { parseTenant } from '../requests/parse-request.ts';
import { replaceEntry } from '../requests/replace-entry.ts';
import { parseKeyId } from './key-parts.ts';

/** Closer than this nobody needs to know when a key was used last. */
const NOTED_EVERY_MS = 60_000;

/** Notes when keys were used last, about. One that was revoked meanwhile stays so. */
export async function noteUses({ uses }: KeysUsedRequest, { bucket }: { readonly bucket: KeyValue }): Promise<object> {
  await Promise.all(uses.map((use) => noteUse(use, bucket)));
  return {};
}

async function noteUse({ tenant, keyId, atMs }: KeyUse, bucket: KeyValue): Promise<void> {
  await replaceEntry(bucket, apiKeyKey(parseTenant(tenant), parseKeyId(keyId)), async ({ known, put }) => {
    if (known === undefined) return 0;
    const record = fromBinary(ApiKeyRecordSchema, known.value);
    if (atMs < record.lastUsedAtMs + BigInt(NOTED_EVERY_MS)) return 0;
    return put(toBinary(ApiKeyRecordSchema, create(ApiKeyRecordSchema, { ...record, lastUsedAtMs: atMs })));
  });
}
