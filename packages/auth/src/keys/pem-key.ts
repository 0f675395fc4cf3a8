import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { BusError } from '@arqonbus/protocol';
import { UNKNOWN_KEY } from './key-source.ts';
import type { KeyLookup, KeySource, TokenAlgorithm } from './key-source.ts';
import { publicKeyAlgorithm } from './public-key-algorithm.ts';

/**
 * One public key in PEM (SPKI, PKCS#1 or certificate): RSA of 2,048 to 8,192 bits = RS256, P-256 = ES256,
 * Ed25519 = EdDSA. `alg`, when given, must be the key's own. A token's `kid` is not looked at.
 * Throws `VALIDATION_ERROR` for anything else, a private key included: the bus has no use for one.
 */
export function pemKey(pem: string, alg?: Exclude<TokenAlgorithm, 'HS256'>): KeySource {
  const key = readPublicPem(pem);
  const ownAlgorithm = publicKeyAlgorithm(key);
  if (ownAlgorithm === undefined)
    throw new BusError('VALIDATION_ERROR', 'The public key has an unsupported type or size.');
  if (alg !== undefined && alg !== ownAlgorithm) {
    throw new BusError('VALIDATION_ERROR', `The public key is for ${ownAlgorithm}, not for ${alg}.`);
  }
  const found: KeyLookup = { ok: true, key };
  return { find: (algorithm) => (algorithm === ownAlgorithm ? found : UNKNOWN_KEY) };
}

function readPublicPem(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY'))
    throw new BusError('VALIDATION_ERROR', 'Configure the public key, not the private one.');
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new BusError('VALIDATION_ERROR', 'The public key is not PEM.', { cause });
  }
}
