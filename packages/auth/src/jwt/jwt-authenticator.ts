import type { KeyObject, webcrypto } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import type { JWTVerifyOptions } from 'jose';
import type { AuthResult, Authenticator } from '../authenticator.ts';
import type { KeySource, TokenAlgorithm } from '../keys/key-source.ts';
import { parseJsonPart } from './json-part.ts';
import { importSecret, mayBeSignedWith } from './secret-signature.ts';
import { parseTokenClaims } from './token-claims.ts';
import { parseTokenHeader } from './token-header.ts';

/** How tokens are checked. */
export interface JwtAuthenticatorOptions {
  readonly keys: KeySource;
  /** The algorithms that configuration allows; a token that names another is refused. */
  readonly algorithms: readonly TokenAlgorithm[];
  /** Demanded `iss`, compared exactly. */
  readonly issuer?: string;
  /** Demanded `aud`, or member of it. */
  readonly audience?: string;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
}

/** Longest token, in bytes; a longer one is refused unread. */
export const MAX_TOKEN_BYTES = 16_384;

/** How far an issuer's clock may be ahead of ours (AUT-2). */
const CLOCK_SKEW_S = 30;

const COMPACT_TOKEN = /^([\w-]+)\.([\w-]+)\.[\w-]+$/;

/**
 * Checks JSON web tokens (AUT-1, AUT-2). `nbf` and `iat` may lie up to 30 s ahead; `exp` has no grace, because a
 * session ends with its token and one that is opened in the grace would be closed at once.
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  return {
    async authenticate(token) {
      try {
        return await checkToken(token, options);
      } catch (error) {
        return refusalOf(error);
      }
    },
  };
}

async function checkToken(token: string, options: JwtAuthenticatorOptions): Promise<AuthResult> {
  if (token.length > MAX_TOKEN_BYTES) return refuse('too_long');
  const [, headerPart = '', claimsPart = ''] = COMPACT_TOKEN.exec(token) ?? [];
  if (headerPart === '') return refuse('malformed');
  const header = parseTokenHeader(headerPart, options.algorithms);
  if (typeof header === 'string') return refuse(header);
  const lookup = await options.keys.find(header.algorithm, header.kid);
  if (lookup.ok) {
    if (header.algorithm !== 'HS256') return checkSigned(token, claimsPart, header.algorithm, lookup.key, options);
    if (!mayBeSignedWith(lookup.key, token)) return refuse('wrong_signature');
    return checkSigned(token, claimsPart, header.algorithm, await importSecret(lookup.key), options);
  }
  return lookup.reason === 'keys_unavailable' ? unavailable(lookup.reason) : refuse(lookup.reason);
}

async function checkSigned(
  token: string,
  claimsPart: string,
  algorithm: TokenAlgorithm,
  key: KeyObject | webcrypto.CryptoKey,
  options: JwtAuthenticatorOptions,
): Promise<AuthResult> {
  const nowMs = options.now();
  await jwtVerify(token, key, verifyOptions(algorithm, nowMs, options));
  const claims = parseJsonPart(claimsPart);
  if (claims === undefined) return refuse('malformed_claims');
  const { iat } = claims;
  if (typeof iat === 'number' && iat > nowMs / 1_000 + CLOCK_SKEW_S) return refuse('wrong_iat');
  const principal = parseTokenClaims(claims);
  if (typeof principal === 'string') return refuse(principal);
  return principal.expiresAtMs > nowMs ? { ok: true, principal } : expired;
}

function verifyOptions(algorithm: TokenAlgorithm, nowMs: number, options: JwtAuthenticatorOptions): JWTVerifyOptions {
  return {
    algorithms: [algorithm],
    clockTolerance: CLOCK_SKEW_S,
    currentDate: new Date(nowMs),
    requiredClaims: ['sub', 'tenant_id', 'exp'],
    ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
    ...(options.audience === undefined ? {} : { audience: options.audience }),
  };
}

const expired: AuthResult = { ok: false, code: 'TOKEN_EXPIRED', reason: 'expired' };

function refuse(reason: string): AuthResult {
  return { ok: false, code: 'AUTHENTICATION_FAILED', reason };
}

function unavailable(reason: string): AuthResult {
  return { ok: false, code: 'UNAVAILABLE', reason };
}

/** Only names that we know reach the reason: the claims of an error are the token's own text. */
const claimReasons: ReadonlyMap<string, string> = new Map(
  ['sub', 'tenant_id', 'exp', 'nbf', 'iat', 'iss', 'aud'].map((claim) => [claim, `wrong_${claim}`]),
);

function refusalOf(error: unknown): AuthResult {
  if (error instanceof errors.JWTExpired) return expired;
  if (error instanceof errors.JWTClaimValidationFailed) return refuse(claimReasons.get(error.claim) ?? 'wrong_claim');
  if (error instanceof errors.JWSSignatureVerificationFailed) return refuse('wrong_signature');
  return refuse('malformed');
}
