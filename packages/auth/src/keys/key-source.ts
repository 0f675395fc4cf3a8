import type { KeyObject } from 'node:crypto';

/** The signature algorithms that tokens may use (AUT-1). */
export const TOKEN_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;

/** One of {@link TOKEN_ALGORITHMS}. */
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** The key for a token, or why there is none. */
export type KeyLookup =
  | { readonly ok: true; readonly key: KeyObject }
  | { readonly ok: false; readonly reason: 'unknown_key' | 'kid_required' | 'keys_unavailable' };

/**
 * Where verification keys come from. A key is bound to one algorithm by its own type: asked for another algorithm,
 * a source has no key, whatever the token says. Never throws.
 */
export interface KeySource {
  /** `kid` is an opaque text of the token, undefined when it has none. */
  find(algorithm: TokenAlgorithm, kid: string | undefined): KeyLookup | Promise<KeyLookup>;
}

/** The answer for a key that a source does not hold. */
export const UNKNOWN_KEY: KeyLookup = { ok: false, reason: 'unknown_key' };
