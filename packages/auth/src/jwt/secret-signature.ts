import { createHmac, timingSafeEqual, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Whether the signature of a token may be that of this secret. A first look before the library's check, which decides: that one
 * goes to another thread and costs a bad token as much as a good one, and this one a hundredth.
 */
export function mayBeSignedWith(secret: KeyObject, token: string): boolean {
  const end = token.lastIndexOf('.');
  const expected = createHmac('sha256', secret).update(token.slice(0, end)).digest();
  const found = Buffer.from(token.slice(end + 1), 'base64url');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

const imported = new WeakMap<KeyObject, Promise<webcrypto.CryptoKey>>();

/** A secret in the library's form, made once: given a `KeyObject`, it makes one for each token, a quarter of what the check costs. */
export function importSecret(secret: KeyObject): Promise<webcrypto.CryptoKey> {
  let key = imported.get(secret);
  if (key === undefined) {
    key = webcrypto.subtle.importKey('raw', secret.export(), { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    imported.set(secret, key);
  }
  return key;
}
