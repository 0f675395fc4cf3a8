import { randomFillSync } from 'node:crypto';
import { createApiKey, hashApiKey } from '@arqonbus/auth';
import type { TenantId } from '@arqonbus/protocol';
import { ApiKeyRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { apiKeyKey, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { describe, expect, it, vi } from 'vitest';
import { createApiKeys } from './api-keys.ts';
import { createIdentify } from './identify.ts';

const KEY_ID = '00112233445566778899';
const acme = 'acme' as TenantId;
const random = (bytes: Uint8Array): void => void randomFillSync(bytes);

interface Fields {
  readonly role?: string;
  readonly name?: string;
  readonly permissions?: { action: string; pattern: string; effect: string }[];
  readonly previousHash?: Uint8Array;
  readonly previousUntilMs?: bigint;
  readonly expiresAtMs?: bigint;
}

async function createRig(bucket: KeyValue = createMemoryKeyValueStore().bucket('ARQON_KEYS')) {
  const clock = { nowMs: 1_000 };
  const keys = createApiKeys(bucket, () => clock.nowMs);
  await keys.ready;
  const refuses = { authenticate: async () => ({ ok: false, code: 'AUTHENTICATION_FAILED', reason: 'x' }) as const };
  const identify = createIdentify({ authenticator: refuses, keys });
  return {
    keys,
    clock,
    bucket,
    ask: (key: string) => identify(`Bearer ${key}`),
    put: async (key: string, fields: Fields = {}) => {
      const record = { keyId: KEY_ID, hash: hashApiKey(key), role: 'user', ...fields };
      const known = await bucket.get(apiKeyKey(acme, KEY_ID));
      const data = toBinary(ApiKeyRecordSchema, create(ApiKeyRecordSchema, record));
      await (known === undefined
        ? bucket.create(apiKeyKey(acme, KEY_ID), data)
        : bucket.update(known.key, data, known.revision));
      await vi.waitFor(() => expect(keys.count()).toBe(1));
    },
  };
}

describe('a key at a Bridge', () => {
  it('[BRG-1] [AUT-4] speaks for the tenant that has it, with the rights that it has', async () => {
    const { put, ask } = await createRig();
    const key = createApiKey(KEY_ID, random);
    const permissions = [{ action: 'publish', pattern: 'lab:*', effect: 'allow' }];
    await put(key, { permissions, name: 'billing', role: 'guest' });
    expect(await ask(key)).toMatchObject({
      principal: { tenant: 'acme', user: `key:${KEY_ID}`, role: 'guest', permissions, name: 'billing' },
      sender: `key-${KEY_ID}`,
    });
  });

  it('[BRG-1] is refused where it is another one of the same id, and once it is revoked', async () => {
    const { put, ask, bucket, keys } = await createRig();
    const key = createApiKey(KEY_ID, random);
    await put(key);
    await expect(ask(createApiKey(KEY_ID, random))).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await expect(ask('arqk_nonsense')).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await bucket.delete(apiKeyKey(acme, KEY_ID));
    await vi.waitFor(() => expect(keys.count()).toBe(0));
    await expect(ask(key)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('[BRG-1] ends when it expires, and the one before it when its time is over', async () => {
    const { put, ask, clock } = await createRig();
    const [old, key] = [createApiKey(KEY_ID, random), createApiKey(KEY_ID, random)];
    await put(key, { previousHash: hashApiKey(old), previousUntilMs: 2_000n, expiresAtMs: 3_000n });
    await ask(old);
    clock.nowMs = 2_000;
    await expect(ask(old)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await ask(key);
    clock.nowMs = 3_000;
    await expect(ask(key)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  });

  it('[PRD-6] lets nobody in by a record that makes nobody of it', async () => {
    const { put, ask } = await createRig();
    const key = createApiKey(KEY_ID, random);
    await put(key, { role: 'root' });
    await expect(ask(key)).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('[SPN-6] is UNAVAILABLE while it is not known which keys hold', async () => {
    const bucket = createMemoryKeyValueStore().bucket('ARQON_KEYS');
    let isCurrent = true;
    const watch: KeyValue['watch'] = (prefix, onChange) => ({
      ...bucket.watch(prefix, onChange),
      isCurrent: () => isCurrent,
    });
    const { put, ask } = await createRig({ ...wrap(bucket), watch });
    const key = createApiKey(KEY_ID, random);
    await put(key);
    isCurrent = false;
    await expect(ask(key)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('[BRG-1] is told as used, once for as often as it was', async () => {
    const { put, ask, keys, clock } = await createRig();
    const key = createApiKey(KEY_ID, random);
    await put(key);
    await ask(key);
    clock.nowMs = 1_500;
    await ask(key);
    expect(keys.takeUses()).toEqual([{ tenant: 'acme', keyId: KEY_ID, atMs: 1_500 }]);
    expect(keys.takeUses()).toEqual([]);
  });
});

function wrap(bucket: KeyValue): KeyValue {
  return {
    get: (key) => bucket.get(key),
    create: (...given) => bucket.create(...given),
    update: (...given) => bucket.update(...given),
    delete: (...given) => bucket.delete(...given),
    list: (prefix) => bucket.list(prefix),
    watch: (...given) => bucket.watch(...given),
  };
}
