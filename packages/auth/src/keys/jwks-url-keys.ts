import { BusError } from '@arqonbus/protocol';
import { fetchBoundedText } from './bounded-fetch.ts';
import { findKey, parseJwkSet } from './jwk-set-keys.ts';
import type { KeySet } from './jwk-set-keys.ts';
import type { KeyLookup, KeySource, TokenAlgorithm } from './key-source.ts';

/** Where a JWK set is fetched and how long it is believed. Spans in ms. */
export interface JwksUrlOptions {
  /** `https:`, or `http:` to a loopback host. The only address that is ever asked. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds of any clock; best one that is never set back. */
  readonly now: () => number;
  /** A set older than this is not used while a newer one can be had. Default 10 min. */
  readonly refreshMs?: number;
  /** Least time between two fetches. Default 30 s. */
  readonly cooldownMs?: number;
  /** Deadline of one fetch. Default 5 s. */
  readonly timeoutMs?: number;
  /** How long the last good set serves through an outage. Default 24 h. */
  readonly staleLimitMs?: number;
  /** Largest answer. Default 64 KiB. */
  readonly maxBytes?: number;
}

/** A key source that keeps itself up to date. */
export interface JwksUrlKeys extends KeySource {
  /** Fetches the set unless it is fresh; true when there are keys to check tokens with. For start-up and readiness. */
  load(): Promise<boolean>;
}

/**
 * The keys behind a JWKS URL (AUT-1). One fetch at a time and one per cooldown, whatever tokens ask for; from half of
 * `refreshMs` on it is renewed in the background; a removed key is refused after `refreshMs`. An unknown `kid` causes
 * a fetch. When fetches fail the old keys serve up to `staleLimitMs`, then everything is `keys_unavailable`.
 * Throws `VALIDATION_ERROR` for a URL that must not be asked.
 */
export function createJwksUrlKeys(options: JwksUrlOptions): JwksUrlKeys {
  const cache = createSetCache(options);
  async function find(algorithm: TokenAlgorithm, kid: string | undefined): Promise<KeyLookup> {
    await cache.freshen();
    const found = look(cache, algorithm, kid);
    if (found.ok || found.reason !== 'unknown_key') return found;
    await cache.refetch();
    const retried = look(cache, algorithm, kid);
    return !retried.ok && cache.isFailing() ? UNAVAILABLE : retried;
  }
  return {
    find,
    async load() {
      await cache.freshen();
      return cache.current() !== undefined;
    },
  };
}

const UNAVAILABLE: KeyLookup = { ok: false, reason: 'keys_unavailable' };

function look(cache: SetCache, algorithm: TokenAlgorithm, kid: string | undefined): KeyLookup {
  const keys = cache.current();
  return keys === undefined ? UNAVAILABLE : findKey(keys, algorithm, kid);
}

interface SetCache {
  /** The set, unless it is past the stale limit. */
  current(): KeySet | undefined;
  /** Renews the set as its age demands; waits only where the old one must not be used. */
  freshen(): Promise<void>;
  /** Fetches now, unless the cooldown forbids. */
  refetch(): Promise<void>;
  /** True when the last fetch failed. */
  isFailing(): boolean;
}

function createSetCache(options: JwksUrlOptions): SetCache {
  const { fetch, now, refreshMs = 600_000, cooldownMs = 30_000, timeoutMs = 5_000 } = options;
  const { staleLimitMs = 86_400_000, maxBytes = 65_536 } = options;
  const url = parseJwksUrl(options.url);
  let keys: KeySet | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;
  let inFlight: Promise<void> | undefined;

  // The absolute value: a clock that was set back must not freeze the keys.
  const age = (since: number): number => Math.abs(now() - since);

  async function fetchSet(): Promise<void> {
    triedAt = now();
    try {
      const parsed = parseJwkSet(await fetchBoundedText(url, { fetch, timeoutMs, maxBytes }));
      isFailing = typeof parsed === 'string';
      if (typeof parsed === 'string') return;
      keys = parsed;
      fetchedAt = triedAt;
    } catch {
      // Whatever went wrong, the answer is the same: the old keys serve on until the stale limit.
      isFailing = true;
    } finally {
      inFlight = undefined;
    }
  }

  function refetch(): Promise<void> {
    if (inFlight === undefined && age(triedAt) >= cooldownMs) inFlight = fetchSet();
    return inFlight ?? Promise.resolve();
  }

  function freshen(): Promise<void> {
    const setAge = age(fetchedAt);
    if (setAge < refreshMs / 2) return Promise.resolve();
    const renewal = refetch();
    const mustWait = setAge >= staleLimitMs || (setAge >= refreshMs && !isFailing);
    return mustWait ? renewal : Promise.resolve();
  }

  return {
    current: () => (age(fetchedAt) < staleLimitMs ? keys : undefined),
    freshen,
    refetch,
    isFailing: () => isFailing,
  };
}

function parseJwksUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLoopback = url !== undefined && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) {
    throw new BusError('VALIDATION_ERROR', 'The JWKS URL must begin with https://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new BusError('VALIDATION_ERROR', 'The JWKS URL must not hold a user or password.');
  }
  return url;
}
