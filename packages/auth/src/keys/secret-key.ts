import { createSecretKey } from 'node:crypto';
import { BusError } from '@arqonbus/protocol';
import { UNKNOWN_KEY } from './key-source.ts';
import type { KeyLookup, KeySource } from './key-source.ts';

/** Shortest secret for HS256, in bytes (AUT-1). */
export const MIN_SECRET_BYTES = 32;

/**
 * A shared secret for HS256. Throws `VALIDATION_ERROR` for fewer than 32 bytes and for PEM or JWK text, which is
 * public knowledge and would let anybody sign. The error never holds the secret.
 */
export function secretKey(secret: string | Uint8Array): KeySource {
  const bytes = Buffer.from(secret as string);
  if (bytes.length < MIN_SECRET_BYTES)
    throw new BusError('VALIDATION_ERROR', 'The token secret has fewer than 32 bytes.');
  if (isPublicKeyText(bytes.toString('latin1'))) {
    throw new BusError('VALIDATION_ERROR', 'The token secret is a key file; configure it as a public key.');
  }
  const found: KeyLookup = { ok: true, key: createSecretKey(bytes) };
  return { find: (algorithm) => (algorithm === 'HS256' ? found : UNKNOWN_KEY) };
}

function isPublicKeyText(text: string): boolean {
  return text.includes('-----BEGIN ') || /"kty"\s*:/.test(text) || /^(ssh-|ecdsa-)/.test(text);
}
