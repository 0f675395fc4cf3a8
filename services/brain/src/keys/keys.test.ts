import { apiKeyIdOf, isApiKeyOf } from '@arqonbus/auth';
import { ApiKeyRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { ApiKeyRecord } from '@arqonbus/protocol/spine-messages';
import type { TenantId } from '@arqonbus/protocol';
import { apiKeyKey, callBrain, createLocalSpine, createMemoryKeyValueStore, deadlineIn } from '@arqonbus/spine';
import { describe, expect, it } from 'vitest';
import { createAuditRig } from '../audit/audit-rig.ts';
import { serveKeys } from './index.ts';

const acme = 'acme' as TenantId;
const who = { requestedBy: 'root', traceId: '' };

interface KeyWish {
  readonly tenant?: string;
  readonly name?: string;
  readonly role?: string;
  readonly permissions?: { action: string; pattern: string; effect: string }[];
}

function start() {
  const spine = createLocalSpine();
  const bucket = createMemoryKeyValueStore().bucket('ARQON_KEYS');
  const audited = createAuditRig();
  const clock = { nowMs: 1_000_000 };
  let filled = 0;
  const parts = {
    spine,
    bucket,
    now: () => clock.nowMs,
    fillRandom: (bytes: Uint8Array) => void bytes.fill((filled += 1)),
    audit: audited.audit,
    pageBytes: 262_144,
  };
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  serveKeys(parts, observer);
  const deadline = (): number => deadlineIn(2_000);
  return {
    audited,
    clock,
    bucket,
    stored: async (keyId: string): Promise<ApiKeyRecord | undefined> => {
      const entry = await bucket.get(apiKeyKey(acme, keyId));
      return entry === undefined ? undefined : fromBinary(ApiKeyRecordSchema, entry.value);
    },
    create: (wish: KeyWish = {}) =>
      callBrain(spine, 'keys.create', { tenant: acme, name: 'billing', ...who, ...wish }, deadline()),
    list: async (tenant: string = acme) => (await callBrain(spine, 'keys.list', { tenant }, deadline())).items,
    rotate: (keyId: string, overlapMs: bigint, tenant: string = acme) =>
      callBrain(spine, 'keys.rotate', { tenant, keyId, overlapMs, ...who }, deadline()),
    revoke: async (keyId: string, tenant: string = acme) =>
      (await callBrain(spine, 'keys.revoke', { tenant, keyId, ...who }, deadline())).revoked,
    used: (keyId: string, atMs: number) =>
      callBrain(spine, 'keys.used', { uses: [{ tenant: acme, keyId, atMs: BigInt(atMs) }] }, deadline()),
  };
}

describe('keys of servers', () => {
  it('[BRG-1] are told once, and kept as a hash', async () => {
    const { create, list, stored } = start();
    const permissions = [{ action: 'publish', pattern: 'invoices:*', effect: 'allow' }];
    const { key } = await create({ permissions });
    const keyId = apiKeyIdOf(key) ?? '';
    const record = await stored(keyId);
    expect(record).toMatchObject({ keyId, name: 'billing', role: 'guest', permissions, createdBy: 'root' });
    expect(isApiKeyOf(key, record?.hash ?? new Uint8Array(0))).toBe(true);
    expect(await list()).toMatchObject([{ keyId, hash: new Uint8Array(0), previousHash: new Uint8Array(0) }]);
    expect(await list('globex')).toEqual([]);
  });

  it('[AUD-1] [BRG-1] leave a trail that says what they may do, and not what they are', async () => {
    const { create, revoke, audited } = start();
    const { key, record } = await create({ permissions: [{ action: 'join', pattern: 'lab:*', effect: 'deny' }] });
    await revoke(record?.keyId ?? '');
    expect(audited.counts().recorded).toEqual(['intent', 'done', 'intent', 'done']);
    const trail = JSON.stringify(
      await audited.trail.read(acme, { afterPosition: 0, limit: 10, maxBytes: 65_536 }),
      (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value),
    );
    expect(trail).toContain('deny join lab:*');
    expect(trail).not.toContain(key);
  });

  it('[BRG-1] are rotated: the old one for a while, and the one before it no longer', async () => {
    const { create, rotate, stored, clock } = start();
    const first = await create();
    const keyId = first.record?.keyId ?? '';
    const second = await rotate(keyId, 5_000n);
    const record = await stored(keyId);
    expect(apiKeyIdOf(second.key)).toBe(keyId);
    expect(isApiKeyOf(second.key, record?.hash ?? new Uint8Array(0))).toBe(true);
    expect(isApiKeyOf(first.key, record?.previousHash ?? new Uint8Array(0))).toBe(true);
    expect(record?.previousUntilMs).toBe(BigInt(clock.nowMs) + 5_000n);
    await rotate(keyId, 0n);
    expect(isApiKeyOf(first.key, (await stored(keyId))?.previousHash ?? new Uint8Array(0))).toBe(false);
  });

  it('[PRD-4] are changed by their own tenant alone', async () => {
    const { create, rotate, revoke } = start();
    const keyId = (await create()).record?.keyId ?? '';
    await expect(rotate(keyId, 0n, 'globex')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect([await revoke(keyId, 'globex'), await revoke(keyId), await revoke(keyId)]).toEqual([false, true, false]);
  });

  it('[BRG-1] say about when they were used last, and stay revoked', async () => {
    const { create, used, revoke, stored } = start();
    const keyId = (await create()).record?.keyId ?? '';
    await used(keyId, 1_000_000);
    await used(keyId, 1_030_000);
    expect((await stored(keyId))?.lastUsedAtMs).toBe(1_000_000n);
    await used(keyId, 1_060_000);
    expect((await stored(keyId))?.lastUsedAtMs).toBe(1_060_000n);
    await revoke(keyId);
    await used(keyId, 2_000_000);
    expect(await stored(keyId)).toBeUndefined();
  });

  it.each([
    ['a role that is none', { role: 'root' }],
    ['an action that is none', { permissions: [{ action: 'fly', pattern: '*', effect: 'allow' }] }],
    ['a pattern that is none', { permissions: [{ action: 'join', pattern: '::', effect: 'allow' }] }],
    ['a name that is too long', { name: 'x'.repeat(129) }],
    ['a tenant that is none', { tenant: 'a.>' }],
  ])('[PRD-6] are refused with %s', async (_what, wish) => {
    await expect(start().create(wish)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRD-6] are refused with the permission that is none, and what there are', async () => {
    const permissions = [
      { action: 'join', pattern: 'science:*', effect: 'allow' },
      { action: 'fly', pattern: 'science:*', effect: 'allow' },
    ];
    await expect(start().create({ permissions })).rejects.toThrow(
      /^"allow fly science:\*" is no permission: an action is one of join, publish, /,
    );
  });

  it('[PRT-23] are so many a tenant, and no more', async () => {
    const { create, bucket } = start();
    for (let n = 0; n < 256; n++) {
      await bucket.create(apiKeyKey(acme, n.toString(16).padStart(20, '0')), new Uint8Array(1));
    }
    await expect(create()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await create({ tenant: 'globex' });
  });
});
