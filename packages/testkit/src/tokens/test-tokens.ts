import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** The algorithms that test tokens are signed with. */
export type TestAlgorithm = 'HS256' | 'RS256' | 'ES256' | 'EdDSA';

type PublicAlgorithm = Exclude<TestAlgorithm, 'HS256'>;

/** Claims or header members; `undefined` takes a default one out. */
export type TokenMembers = Readonly<Record<string, unknown>>;

/** A set of keys of all algorithms, and tokens made with them: honest ones and forgeries. */
export interface TestTokens {
  /** The HS256 secret. */
  readonly secret: string;
  /** Public keys in PEM. */
  readonly publicPems: Readonly<Record<PublicAlgorithm, string>>;
  /** A public key as JWK, with its `kid` (default: `key-<algorithm>`). */
  jwk(algorithm: PublicAlgorithm, kid?: string): JsonWebKey;
  /** JSON text of a JWK set of these keys; all of them when none is given. */
  jwkSet(jwks?: readonly JsonWebKey[]): string;
  /** A signed token. The claims are laid over good ones: a user of tenant `acme`, an hour to live. */
  sign(algorithm: TestAlgorithm, claims?: TokenMembers, header?: TokenMembers): string;
  /** Signs any texts as header and claims, JSON or not. */
  signRaw(algorithm: TestAlgorithm, header: string, claims: string): string;
  /** A token without a signature that claims `alg`. */
  unsigned(alg: unknown, claims?: TokenMembers): string;
  /** An HS256 token signed with public text as if it were a secret (algorithm confusion). */
  signWithText(text: string, claims?: TokenMembers, header?: TokenMembers): string;
}

/** Makes new keys. `now` is the wall clock in ms that default claims are reckoned from. */
export function createTokens(now: () => number = Date.now): TestTokens {
  const secret = randomBytes(32).toString('base64url');
  const pairs = {
    RS256: generateKeyPairSync('rsa', { modulusLength: 2_048 }),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: generateKeyPairSync('ed25519'),
  };
  const pem = (algorithm: PublicAlgorithm): string =>
    pairs[algorithm].publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwk = (algorithm: PublicAlgorithm, kid = `key-${algorithm}`): JsonWebKey => ({
    ...pairs[algorithm].publicKey.export({ format: 'jwk' }),
    kid,
    alg: algorithm,
    use: 'sig',
  });
  const signRaw = (algorithm: TestAlgorithm, header: string, claims: string): string =>
    algorithm === 'HS256'
      ? signHmac(secret, header, claims)
      : signPrivate(algorithm, pairs[algorithm].privateKey, header, claims);
  const withDefaults = (claims: TokenMembers): string => JSON.stringify({ ...defaultClaims(now()), ...claims });

  return {
    secret,
    publicPems: { RS256: pem('RS256'), ES256: pem('ES256'), EdDSA: pem('EdDSA') },
    jwk,
    jwkSet: (jwks = [jwk('RS256'), jwk('ES256'), jwk('EdDSA')]) => JSON.stringify({ keys: jwks }),
    sign: (algorithm, claims = {}, header = {}) =>
      signRaw(algorithm, JSON.stringify({ alg: algorithm, typ: 'JWT', ...header }), withDefaults(claims)),
    signRaw,
    unsigned: (alg, claims = {}) => `${encode(JSON.stringify({ alg, typ: 'JWT' }))}.${encode(withDefaults(claims))}.`,
    signWithText: (text, claims = {}, header = {}) =>
      signHmac(text, JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }), withDefaults(claims)),
  };
}

function defaultClaims(nowMs: number): TokenMembers {
  const now = Math.floor(nowMs / 1_000);
  return { sub: '9f0c6f2e-4d0b-4b59-8a53-1f6a5d8c2b71', tenant_id: 'acme', iat: now, exp: now + 3_600 };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function signHmac(secret: string, header: string, claims: string): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function signPrivate(algorithm: PublicAlgorithm, key: KeyObject, header: string, claims: string): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  const digest = algorithm === 'EdDSA' ? null : 'sha256';
  const signature = sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
