import { apiKeyIdOf, isApiKeyOf, parseIdentity } from '@arqonbus/auth';
import type { Principal } from '@arqonbus/auth';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ApiKeyRecordSchema, IdentitySchema, create, readMessage } from '@arqonbus/protocol/spine-messages';
import type { ApiKeyRecord } from '@arqonbus/protocol/spine-messages';
import { parseApiKeyKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** The keys of all tenants, as the key-value bucket tells them. Asking costs no request. */
export interface ApiKeys {
  /** Who holds this key. Throws `AUTHENTICATION_FAILED`, `TOKEN_EXPIRED`, or `UNAVAILABLE` while it is not known which hold. */
  identify(key: string): { readonly principal: Principal; readonly keyId: string };
  /** Resolves when the keys that exist are known. */
  readonly ready: Promise<void>;
  /** False while keys may have been revoked that are not known yet (SPN-6). */
  isCurrent(): boolean;
  /** Keys that were taken since this was called last, and when. */
  takeUses(): readonly KeyUse[];
  count(): number;
  stop(): void;
}

/** A key that was taken. */
export interface KeyUse {
  readonly tenant: TenantId;
  readonly keyId: string;
  readonly atMs: number;
}

interface KnownKey {
  readonly tenant: TenantId;
  readonly record: ApiKeyRecord;
  /** Undefined where the record cannot be read as somebody: nobody is let in by it (PRD-6). */
  readonly principal: Principal | undefined;
}

/** Watches the bucket. */
export function createApiKeys(bucket: KeyValue, now: () => number): ApiKeys {
  const keys = new Map<string, KnownKey>();
  const uses = new Map<string, KeyUse>();
  const watch = bucket.watch('', ({ key, value }: KeyValueChange) => {
    const place = parseApiKeyKey(key);
    if (place === undefined) return;
    const known = value === undefined ? undefined : readKey(place.tenant, value);
    if (known === undefined) keys.delete(place.keyId);
    else keys.set(place.keyId, known);
  });
  return {
    identify: (key) => {
      if (!watch.isCurrent()) throw new BusError('UNAVAILABLE', undefined, { details: { retry_after_ms: 1_000 } });
      const keyId = apiKeyIdOf(key) ?? '';
      const known = keys.get(keyId);
      const atMs = now();
      if (known?.principal === undefined || !isTaken(key, known.record, atMs))
        throw new BusError('AUTHENTICATION_FAILED');
      const { expiresAtMs } = known.record;
      if (expiresAtMs !== 0n && Number(expiresAtMs) <= atMs)
        throw new BusError('TOKEN_EXPIRED', 'The key has expired.');
      uses.set(keyId, { tenant: known.tenant, keyId, atMs });
      return { principal: known.principal, keyId };
    },
    ready: watch.ready,
    isCurrent: () => watch.isCurrent(),
    takeUses: () => {
      const taken = [...uses.values()];
      uses.clear();
      return taken;
    },
    count: () => keys.size,
    stop: () => watch.stop(),
  };
}

function isTaken(key: string, { hash, previousHash, previousUntilMs }: ApiKeyRecord, nowMs: number): boolean {
  return isApiKeyOf(key, hash) || (Number(previousUntilMs) > nowMs && isApiKeyOf(key, previousHash));
}

function readKey(tenant: TenantId, value: Uint8Array): KnownKey | undefined {
  const record = readMessage(ApiKeyRecordSchema, value);
  if (record === undefined) return undefined;
  const { keyId, name, role, permissions } = record;
  const identity = create(IdentitySchema, { tenantId: tenant, user: `key:${keyId}`, role, permissions, name });
  const principal = parseIdentity(identity);
  return { tenant, record, principal: typeof principal === 'string' ? undefined : principal };
}
