import { createHash, timingSafeEqual } from 'node:crypto';

const API_KEY = /^arqk_([0-9a-f]{20})_[A-Za-z0-9_-]{43}$/;
const KEY_ID = /^[0-9a-f]{20}$/;
const SECRET_BYTES = 32;

/** What every key begins with, so that it is told from a token, and found where it should not be. */
export const API_KEY_PREFIX = 'arqk_';

/** True for the id of a key, which is no secret. */
export function isApiKeyId(text: string): boolean {
  return KEY_ID.test(text);
}

/** A new key of this id, of 256 bits that `fillRandom` makes. */
export function createApiKey(keyId: string, fillRandom: (bytes: Uint8Array) => void): string {
  const secret = Buffer.alloc(SECRET_BYTES);
  fillRandom(secret);
  return `${API_KEY_PREFIX}${keyId}_${secret.toString('base64url')}`;
}

/** The id in a key; undefined for what is none. */
export function apiKeyIdOf(key: string): string | undefined {
  return API_KEY.exec(key)?.[1];
}

/** What is kept of a key. It cannot be guessed, so a fast hash without salt tells nothing of it. */
export function hashApiKey(key: string): Uint8Array {
  return createHash('sha256').update(key).digest();
}

/** Whether a key has this hash, in a time that does not tell how far it fits. */
export function isApiKeyOf(key: string, hash: Uint8Array): boolean {
  const own = hashApiKey(key);
  return own.length === hash.length && timingSafeEqual(own, hash);
}
