/** Longest key of the store, in bytes of UTF-8. */
export const MAX_STORE_KEY_BYTES = 256;

/** Largest value of the store: its JSON text, in bytes of UTF-8. */
export const MAX_STORE_VALUE_BYTES = 65_536;

/** The namespace where none is named. */
export const DEFAULT_NAMESPACE = 'default';

/** In a list, the place of a namespace: all that there are. No namespace is called so. */
export const ALL_NAMESPACES = '*';

const encoder = new TextEncoder();

/** True for a key of the store: well-formed text without control characters, not empty and not too long (STO-1). */
export function isStoreKey(text: string): boolean {
  return text !== '' && isStorePrefix(text);
}

/** True for what keys may begin with; the empty text is one. */
export function isStorePrefix(text: string): boolean {
  return !/[\p{Cc}\p{Cs}]/u.test(text) && encoder.encode(text).length <= MAX_STORE_KEY_BYTES;
}
