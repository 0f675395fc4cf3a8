import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StoreEntrySchema } from '@arqonbus/protocol/spine-messages';
import type { StoredEntry } from '@arqonbus/storage';

const encoder = new TextEncoder();

/** A value or a deletion as services tell it to each other. */
export function messageOf(entry: StoredEntry): MessageInitShape<typeof StoreEntrySchema> {
  const { value } = entry;
  return { ...messageWithoutValue(entry), ...(value === undefined ? {} : { value: encoder.encode(value) }) };
}

/** The same without the value, for lists. */
export function messageWithoutValue(entry: StoredEntry): MessageInitShape<typeof StoreEntrySchema> {
  const { namespace, key, version, expiresAtMs = 0 } = entry;
  return { namespace, key, version: BigInt(version), expiresAtMs: BigInt(Math.round(expiresAtMs)) };
}
