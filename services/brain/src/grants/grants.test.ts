import type { TenantId } from '@arqonbus/protocol';
import { BusError } from '@arqonbus/protocol';
import { GrantSetRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryAuditTrail, grantKey } from '@arqonbus/spine';
import type { AuditTrail } from '@arqonbus/spine';
import { createMemoryGrantStore } from '@arqonbus/storage';
import type { GrantStore } from '@arqonbus/storage';
import { describe, expect, it } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';
import type { BrainFixture, FixtureOptions } from '../testing/brain-fixture.ts';

const acme = 'acme' as TenantId;
const HOUR_MS = 3_600_000;
const join = { subject: 'user:bob', action: 'join', pattern: 'science:*', createdBy: 'root' };

/** What Shields are told of a subject: version, and actions with `!` before denied ones. */
async function toldOf({ keyValue }: BrainFixture, tenant: string, subject: string): Promise<readonly unknown[]> {
  const entry = await keyValue.bucket('ARQON_GRANTS').get(grantKey(tenant as TenantId, subject));
  if (entry === undefined) return [];
  const { version, grants } = fromBinary(GrantSetRecordSchema, entry.value);
  return [Number(version), ...grants.map(({ action, deny, pattern }) => `${deny ? '!' : ''}${action} ${pattern}`)];
}

async function createFixture(options: FixtureOptions = {}): Promise<BrainFixture & { readonly store: GrantStore }> {
  const store = createMemoryGrantStore();
  const fixture = await createBrainFixture({ grants: store, ...options });
  return { ...fixture, store };
}

describe('grants.put, list and delete', () => {
  it('[PRM-3] [PRM-4] keep a grant and hand its set to the Shields before they answer', async () => {
    const fixture = await createFixture();
    const { grant } = await fixture.call('grants.put', { tenant: 'acme', grant: join });
    expect(grant).toMatchObject({ ...join, deny: false, createdAtMs: BigInt(fixture.now()), expiresAtMs: 0n });
    expect(grant?.grantId).toMatch(/^g_[\w-]{16}$/);
    expect(await toldOf(fixture, 'acme', 'user:bob')).toEqual([1, 'join science:*']);
    await fixture.call('grants.put', { tenant: 'acme', grant: { ...join, action: 'publish', deny: true } });
    expect(await toldOf(fixture, 'acme', 'user:bob')).toHaveLength(3);
    const grantId = grant?.grantId ?? '';
    const remove = () => fixture.call('grants.delete', { tenant: 'acme', grantId, requestedBy: 'root' });
    expect(await remove()).toMatchObject({ deleted: true });
    expect(await toldOf(fixture, 'acme', 'user:bob')).toEqual([3, '!publish science:*']);
    expect(await remove()).toMatchObject({ deleted: false });
  });

  it('[PRD-4] touch and show nothing of another tenant', async () => {
    const fixture = await createFixture();
    const { grant } = await fixture.call('grants.put', { tenant: 'acme', grant: join });
    const grantId = grant?.grantId ?? '';
    const foreign = await fixture.call('grants.delete', { tenant: 'globex', grantId, requestedBy: 'root' });
    expect(foreign).toMatchObject({ deleted: false });
    expect((await fixture.call('grants.list', { tenant: 'globex', limit: 1_000 })).items).toEqual([]);
    expect(await toldOf(fixture, 'globex', 'user:bob')).toEqual([]);
    expect((await fixture.call('grants.list', { tenant: 'acme', limit: 1_000 })).items).toHaveLength(1);
  });

  it('[PRT-22] list page by page, also those of one subject', async () => {
    const fixture = await createFixture();
    for (let number = 10; number < 23; number += 1) {
      const grant = { ...join, subject: `user:u${number}` };
      await fixture.call('grants.put', { tenant: 'acme', grant });
    }
    await fixture.call('grants.put', { tenant: 'acme', grant: join });
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await fixture.call('grants.list', { tenant: 'acme', limit: 4, cursor });
      expect(page.items.length).toBeLessThanOrEqual(4);
      seen.push(...page.items.map(({ subject }) => subject));
      ({ cursor } = page);
    } while (cursor !== '');
    expect(seen.toSorted()).toEqual(['user:bob', ...Array.from({ length: 13 }, (_, n) => `user:u${n + 10}`)]);
    const own = await fixture.call('grants.list', { tenant: 'acme', subject: 'user:bob' });
    expect(own.items.map(({ subject }) => subject)).toEqual(['user:bob']);
  });

  it.each([
    { ...join, subject: 'bob' },
    { ...join, action: 'admin' },
    { ...join, pattern: 'science:>' },
    { ...join, subject: 'role:admin', action: '*', pattern: '*', deny: true },
    { ...join, createdBy: '' },
    { ...join, expiresAtMs: 1n },
  ])('[PRM-2] refuse what is malformed or makes no sense (%#)', async (grant) => {
    const fixture = await createFixture();
    const put = fixture.call('grants.put', { tenant: 'acme', grant });
    await expect(put).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await fixture.store.tenants()).toEqual([]);
  });

  it('[PRD-5] refuse more than a tenant or a subject may have', async () => {
    const fixture = await createFixture({ limits: { grantsPerTenant: 3, grantsPerSubject: 1 } });
    await fixture.call('grants.put', { tenant: 'acme', grant: join });
    const second = fixture.call('grants.put', { tenant: 'acme', grant: { ...join, action: 'publish' } });
    await expect(second).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('[PRM-3] [ARC-5] are UNAVAILABLE while the store is, and what Shields know stays', async () => {
    const store = createMemoryGrantStore();
    let isDown = false;
    const grants = new Proxy(store, {
      get: (target, name) => (isDown ? () => Promise.reject(new BusError('UNAVAILABLE')) : Reflect.get(target, name)),
    });
    const fixture = await createBrainFixture({ grants });
    await fixture.call('grants.put', { tenant: 'acme', grant: join });
    isDown = true;
    for (const call of [
      fixture.call('grants.put', { tenant: 'acme', grant: { ...join, action: 'publish' } }),
      fixture.call('grants.list', { tenant: 'acme' }),
      fixture.call('grants.delete', { tenant: 'acme', grantId: 'g_x', requestedBy: 'root' }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(await toldOf(fixture, 'acme', 'user:bob')).toEqual([1, 'join science:*']);
  });
});

describe('the trail of grants', () => {
  it('[AUD-1] [AUD-3] has the intent before the grant is kept, and refuses what it cannot hold', async () => {
    let isFull = false;
    const trail = createMemoryAuditTrail({ maxBytes: 1_000_000 });
    const auditTrail: AuditTrail = {
      ...trail,
      append: (...args) => (isFull ? Promise.reject(new BusError('UNAVAILABLE')) : trail.append(...args)),
    };
    const fixture = await createFixture({ auditTrail });
    const { grant } = await fixture.call('grants.put', { tenant: 'acme', grant: join });
    const { items } = await fixture.call('audit.list', { tenant: 'acme', limit: 10 });
    const target = `grant:${grant?.grantId}`;
    expect(items).toMatchObject([
      { action: 'op.grant.put', target, actor: 'user:root', before: '' },
      { action: 'op.grant.put', target, actor: 'user:root', before: '', after: items[0]?.after },
    ]);
    expect(items[0]?.after).toMatch(/^sha256:/u);
    isFull = true;
    const refused = fixture.call('grants.delete', {
      tenant: 'acme',
      grantId: grant?.grantId ?? '',
      requestedBy: 'root',
    });
    await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await fixture.store.setOf(acme, 'user:bob')).grants).toHaveLength(1);
  });
});

describe('the upkeep of grants', () => {
  it('[PRM-2] takes away what has expired', async () => {
    const fixture = await createFixture();
    const expiresAtMs = BigInt(fixture.now() + HOUR_MS);
    await fixture.call('grants.put', { tenant: 'acme', grant: { ...join, expiresAtMs } });
    await fixture.pass(HOUR_MS - 1_000);
    await fixture.brain.sweep();
    expect(await fixture.store.setOf(acme, 'user:bob')).toMatchObject({ version: 1 });
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(await fixture.store.setOf(acme, 'user:bob')).toEqual({ version: 2, grants: [] });
    expect(await toldOf(fixture, 'acme', 'user:bob')).toEqual([2]);
  });

  it('[PRM-3] [BRN-1] brings the Shields what a Brain kept and did not live to tell, and a bucket that was lost', async () => {
    const fixture = await createFixture();
    const stored = {
      grantId: 'g_1',
      subject: 'role:guest',
      action: 'join',
      pattern: 'lobby:*',
      effect: 'allow',
    } as const;
    const about = { expiresAtMs: undefined, createdBy: 'root', createdAtMs: fixture.now() };
    await fixture.store.put(acme, { ...stored, ...about }, { perTenant: 9, perSubject: 9 });
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(await toldOf(fixture, 'acme', 'role:guest')).toEqual([1, 'join lobby:*']);
    await fixture.keyValue.bucket('ARQON_GRANTS').delete(grantKey(acme, 'role:guest'));
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(await toldOf(fixture, 'acme', 'role:guest')).toEqual([1, 'join lobby:*']);
  });

  it('[PRM-3] brings the Shields back to a store that was restored from an older copy', async () => {
    const fixture = await createFixture();
    const { grant } = await fixture.call('grants.put', { tenant: 'acme', grant: join });
    const newer = fixture.keyValue.bucket('ARQON_GRANTS');
    await fixture.store.remove(acme, grant?.grantId ?? '');
    const lost = grantKey(acme, 'user:of-tomorrow');
    await newer.create(lost, (await newer.get(grantKey(acme, 'user:bob')))?.value ?? new Uint8Array());
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    expect(await toldOf(fixture, 'acme', 'user:bob')).toEqual([2]);
    expect(await toldOf(fixture, 'acme', 'user:of-tomorrow')).toEqual([0]);
  });
});
