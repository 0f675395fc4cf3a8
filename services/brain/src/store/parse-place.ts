import { BusError, MAX_STORE_VALUE_BYTES, isName, isStoreKey, isStorePrefix } from '@arqonbus/protocol';
import type { EntryPlace } from '@arqonbus/storage';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Where a request is about; throws `VALIDATION_ERROR`, as all parsers here. */
export function parsePlace({ namespace, key }: { readonly namespace: string; readonly key: string }): EntryPlace {
  if (!isStoreKey(key)) throw new BusError('VALIDATION_ERROR', 'The key is malformed.');
  return { namespace: parseNamespace(namespace), key };
}

/** A namespace. */
export function parseNamespace(namespace: string): string {
  if (!isName(namespace)) throw new BusError('VALIDATION_ERROR', 'The namespace is malformed.');
  return namespace;
}

/** What keys begin with. */
export function parsePrefix(prefix: string): string {
  if (!isStorePrefix(prefix)) throw new BusError('VALIDATION_ERROR', 'The prefix is malformed.');
  return prefix;
}

/** The JSON text of a value; throws `PAYLOAD_TOO_LARGE` too. */
export function parseValue(value: Uint8Array): string {
  if (value.length > MAX_STORE_VALUE_BYTES) throw new BusError('PAYLOAD_TOO_LARGE');
  try {
    const text = decoder.decode(value);
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new BusError('VALIDATION_ERROR', 'The value is no JSON.', { cause });
  }
}

/** A version or a span; undefined stays what it is. */
export function parseCount(count: bigint | undefined): number | undefined {
  if (count !== undefined && count > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new BusError('VALIDATION_ERROR', 'A number is too large.');
  }
  return count === undefined ? undefined : Number(count);
}
