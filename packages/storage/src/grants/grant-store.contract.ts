import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GrantLimits, GrantStore, StoredGrant } from './grant-store.ts';

/** Opens a store; `close` ends it. */
export type OpenGrantStore = () => Promise<{ readonly store: GrantStore; close(): Promise<void> }>;

const NOW_MS = Date.parse('2026-11-25T12:00:00.250Z');
const ROOMY: GrantLimits = { perTenant: 100, perSubject: 100 };
let counter = 0;

function grant(more: Partial<StoredGrant> = {}): StoredGrant {
  return {
    grantId: `g_${String((counter += 1)).padStart(6, '0')}`,
    subject: 'user:auth0|5f 0c*>.~=\u{1f680}',
    action: 'join',
    pattern: 'science:*',
    effect: 'allow',
    expiresAtMs: undefined,
    createdBy: 'root',
    createdAtMs: NOW_MS,
    ...more,
  };
}

/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;

/** What every {@link GrantStore} does (ARC-7). */
export function describeGrantStore(name: string, open: OpenGrantStore): void {
  describe(`GrantStore: ${name}`, () => {
    let opened: Awaited<ReturnType<OpenGrantStore>>;
    let store: GrantStore;
    // Tenants of its own keep the tests apart.
    let tenant: TenantId;
    let other: TenantId;
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
    }, OPEN_TIMEOUT_MS);
    beforeEach(() => {
      tenant = `t-${(counter += 1)}` as TenantId;
      other = `t-${(counter += 1)}` as TenantId;
    });
    afterAll(() => opened.close());

    const all = (of: TenantId, subject?: string): Promise<readonly StoredGrant[]> =>
      store.list(of, { subject, after: '', limit: 1_000 });

    it('[PRM-2] keeps a grant as it was given', async () => {
      const given = grant({ expiresAtMs: NOW_MS + 3_600_001 });
      expect(await store.put(tenant, given, ROOMY)).toEqual(given);
      const forGood = grant({ subject: 'role:user', effect: 'deny', action: '*' });
      await store.put(tenant, forGood, ROOMY);
      expect(await all(tenant)).toEqual([given, forGood]);
      expect(await all(tenant, 'role:user')).toEqual([forGood]);
    });

    it('[PRM-4] renews what is there already, under its old id', async () => {
      const first = grant();
      await store.put(tenant, first, ROOMY);
      const renewed = await store.put(tenant, grant({ expiresAtMs: NOW_MS + 1 }), ROOMY);
      expect(renewed).toEqual({ ...first, expiresAtMs: NOW_MS + 1 });
      expect(await all(tenant)).toEqual([renewed]);
      await store.put(tenant, grant({ effect: 'deny' }), ROOMY);
      expect(await all(tenant)).toHaveLength(2);
    });

    it('[PRM-4] [PRD-4] removes a grant once, and none of another tenant', async () => {
      const given = grant();
      await store.put(tenant, given, ROOMY);
      expect(await store.get(tenant, given.grantId)).toEqual(given);
      expect(await store.get(other, given.grantId)).toBeUndefined();
      expect(await store.remove(other, given.grantId)).toBeUndefined();
      expect(await store.remove(tenant, given.grantId)).toEqual(given);
      expect(await store.remove(tenant, given.grantId)).toBeUndefined();
      expect(await all(tenant)).toEqual([]);
    });

    it('[PRD-4] lets the same id and subject be in two tenants', async () => {
      const given = grant();
      await store.put(tenant, given, ROOMY);
      await store.put(other, { ...given, pattern: 'art:*' }, ROOMY);
      expect((await all(tenant)).map(({ pattern }) => pattern)).toEqual(['science:*']);
      expect((await store.setOf(other, given.subject)).grants.map(({ pattern }) => pattern)).toEqual(['art:*']);
      expect(await store.tenants()).toEqual(expect.arrayContaining([tenant, other]));
    });

    it('[PRM-3] numbers the changes of each subject, those that take away too', async () => {
      const given = grant({ subject: 'user:ann' });
      expect(await store.setOf(tenant, 'user:ann')).toEqual({ version: 0, grants: [] });
      await store.put(tenant, given, ROOMY);
      await store.put(tenant, grant({ subject: 'user:ben', expiresAtMs: NOW_MS }), ROOMY);
      expect(await store.setOf(tenant, 'user:ann')).toEqual({ version: 1, grants: [given] });
      await store.remove(tenant, given.grantId);
      expect(await store.setOf(tenant, 'user:ann')).toEqual({ version: 2, grants: [] });
      await store.removeExpired(tenant, NOW_MS - 1);
      expect(await store.versions(tenant)).toEqual(
        new Map([
          ['user:ann', 2],
          ['user:ben', 1],
        ]),
      );
      await store.removeExpired(tenant, NOW_MS);
      expect(await store.versions(tenant)).toEqual(
        new Map([
          ['user:ann', 2],
          ['user:ben', 2],
        ]),
      );
      expect(await all(tenant)).toEqual([]);
    });

    it('[PRD-5] refuses one too many, but not the renewal of one that is there', async () => {
      const limits = { perTenant: 3, perSubject: 2 };
      const first = grant({ subject: 'user:ann' });
      await store.put(tenant, first, limits);
      await store.put(tenant, grant({ subject: 'user:ann', action: 'publish' }), limits);
      const third = store.put(tenant, grant({ subject: 'user:ann', action: 'history' }), limits);
      await expect(third).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      expect(await store.put(tenant, first, limits)).toEqual(first);
      await store.put(tenant, grant({ subject: 'user:ben' }), limits);
      const fourth = store.put(tenant, grant({ subject: 'user:cyd' }), limits);
      await expect(fourth).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      await store.put(other, grant({ subject: 'user:cyd' }), limits);
      expect(await all(tenant)).toHaveLength(3);
    });

    it('[PRD-5] [BRN-1] holds the limit also when many come at once', async () => {
      const limits = { perTenant: 2, perSubject: 2 };
      const puts = ['a', 'b', 'c', 'd', 'e'].map((user) =>
        store.put(tenant, grant({ subject: `user:${user}` }), limits),
      );
      const outcomes = await Promise.allSettled(puts);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(await all(tenant)).toHaveLength(2);
    });

    it('[PRT-22] lists from where it is asked to', async () => {
      const given = await Promise.all(
        ['ann', 'ben', 'cyd'].map((user) => store.put(tenant, grant({ subject: `user:${user}` }), ROOMY)),
      );
      const ids = given.map(({ grantId }) => grantId).toSorted();
      const page = await store.list(tenant, { subject: undefined, after: ids[0] ?? '', limit: 1 });
      expect(page.map(({ grantId }) => grantId)).toEqual([ids[1]]);
    });
  });
}
