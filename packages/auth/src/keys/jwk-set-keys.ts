import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { BusError } from '@arqonbus/protocol';
import { UNKNOWN_KEY } from './key-source.ts';
import type { KeyLookup, KeySource, TokenAlgorithm } from './key-source.ts';
import { publicKeyAlgorithm } from './public-key-algorithm.ts';

/**
 * The keys of a JWK set (RFC 7517), given as its JSON text. Keys for encryption, of other types and of other
 * algorithms are passed over, shared secrets too. With several usable keys a token must name its `kid`.
 * Throws `VALIDATION_ERROR` when the text is no JWK set, holds a private key or holds no usable key.
 */
export function jwkSetKeys(json: string): KeySource {
  const keys = parseJwkSet(json);
  if (typeof keys === 'string') throw new BusError('VALIDATION_ERROR', `The JWK set is refused: ${keys}.`);
  return { find: (algorithm, kid) => findKey(keys, algorithm, kid) };
}

/** The usable keys of a set. */
export interface KeySet {
  /** By algorithm and `kid`, as {@link keyName} writes them. */
  readonly byName: ReadonlyMap<string, KeyLookup>;
  /** The algorithm of the only key, when there is only one: it needs no `kid`. */
  readonly only: { readonly algorithm: TokenAlgorithm; readonly found: KeyLookup } | undefined;
}

/** Reads a JWK set; a text says why it is refused. */
export function parseJwkSet(json: string): KeySet | string {
  const jwks = readJwks(json);
  if (typeof jwks === 'string') return jwks;
  const byName = new Map<string, KeyLookup>();
  let only: KeySet['only'];
  let count = 0;
  for (const jwk of jwks) {
    if (isPrivate(jwk)) return 'it holds a private key';
    const usable = readKey(jwk);
    if (usable === undefined) continue;
    const found: KeyLookup = { ok: true, key: usable.key };
    count++;
    only = { algorithm: usable.algorithm, found };
    if (typeof jwk.kid !== 'string') continue;
    const name = keyName(usable.algorithm, jwk.kid);
    if (byName.has(name)) return 'two keys share a kid';
    byName.set(name, found);
  }
  if (count === 0) return 'it holds no usable key';
  return { byName, only: count === 1 ? only : undefined };
}

/** The key of a set for a token. */
export function findKey(keys: KeySet, algorithm: TokenAlgorithm, kid: string | undefined): KeyLookup {
  if (kid !== undefined) return keys.byName.get(keyName(algorithm, kid)) ?? UNKNOWN_KEY;
  if (keys.only === undefined) return KID_REQUIRED;
  return keys.only.algorithm === algorithm ? keys.only.found : UNKNOWN_KEY;
}

const KID_REQUIRED: KeyLookup = { ok: false, reason: 'kid_required' };

function keyName(algorithm: TokenAlgorithm, kid: string): string {
  return `${algorithm} ${kid}`;
}

type Jwk = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Jwk {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJwks(json: string): readonly Jwk[] | string {
  let set: unknown;
  try {
    set = JSON.parse(json);
  } catch {
    return 'it is not JSON';
  }
  if (!isObject(set) || !Array.isArray(set['keys'])) return 'it has no list of keys';
  const jwks: readonly unknown[] = set['keys'];
  return jwks.every(isObject) ? jwks : 'a key is not an object';
}

/** A published private key means that anybody can sign. */
function isPrivate(jwk: Jwk): boolean {
  return jwk['kty'] !== 'oct' && jwk['d'] !== undefined;
}

function readKey(jwk: Jwk): { readonly key: KeyObject; readonly algorithm: TokenAlgorithm } | undefined {
  if (jwk['kty'] === 'oct' || !isForSignatures(jwk)) return undefined;
  const key = importJwk(jwk);
  const algorithm = key === undefined ? undefined : publicKeyAlgorithm(key);
  if (key === undefined || algorithm === undefined) return undefined;
  return jwk['alg'] === undefined || jwk['alg'] === algorithm ? { key, algorithm } : undefined;
}

function isForSignatures(jwk: Jwk): boolean {
  const operations = jwk['key_ops'];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false;
  return jwk['use'] === undefined || jwk['use'] === 'sig';
}

function importJwk(jwk: Jwk): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    // Providers publish key types that this Node does not know beside those that it does: such a key is no key of ours.
    return undefined;
  }
}
