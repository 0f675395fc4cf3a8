import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import type { StoredDelivery, StoredWebhook, WebhookStore } from './webhook-store.ts';

/** Opens an empty store; `close` ends what was opened. */
export type OpenWebhookStore = () => Promise<{ readonly store: WebhookStore; close(): Promise<void> }>;

const acme = 'acme' as TenantId;
const globex = 'globex' as TenantId;
const ROOMY = { perTenant: 100, perOwner: 100 };
const EVERYTHING = { owner: undefined, after: '', limit: 100 };
const AT_MS = Date.parse('2026-11-26T06:30:00.123Z');

function webhook(webhookId: string, change: Partial<StoredWebhook> = {}): StoredWebhook {
  const record = new TextEncoder().encode(`{"url":"https://hooks.example/\u{1f680}?a='b'"} ${randomUUID()}\0`);
  return { webhookId, owner: 'auth0|5f7c8ec7', version: 1, record, ...change };
}

function delivery(webhookId: string, number: number, change: Partial<StoredDelivery> = {}): StoredDelivery {
  return {
    webhookId,
    deliveryId: `d_${number}`,
    eventId: `arq_${randomUUID()}`,
    type: 'message',
    attempt: 1,
    status: 'delivered',
    httpStatus: 204,
    reason: '',
    atMs: AT_MS + number,
    nextAtMs: 0,
    item: Uint8Array.of(0, 255, number),
    ...change,
  };
}

/** What every store of webhooks does (ARC-7). */
export function describeWebhookStore(name: string, open: OpenWebhookStore): void {
  describe(`WebhookStore: ${name}`, () => {
    let opened: Awaited<ReturnType<OpenWebhookStore>>;
    let store: WebhookStore;

    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });

    afterEach(() => opened.close());

    const idsOf = async (query: Partial<Parameters<WebhookStore['deliveries']>[1]> = {}): Promise<string[]> => {
      const all = { webhookId: 'wh_1', status: undefined, before: '', limit: 100, ...query };
      return (await store.deliveries(acme, all)).map(({ deliveryId }) => deliveryId);
    };

    it('[WHK-1] keeps webhooks as they came, lists those of one owner or all, and forgets what is removed', async () => {
      const [first, second] = [webhook('wh_1'), webhook('wh_2', { owner: 'bob' })];
      for (const one of [second, first]) await store.add(acme, one, ROOMY);
      expect(await store.get(acme, 'wh_1')).toEqual(first);
      expect(await store.list(acme, EVERYTHING)).toEqual([first, second]);
      expect(await store.list(acme, { ...EVERYTHING, owner: 'bob' })).toEqual([second]);
      expect(await store.list(acme, { ...EVERYTHING, after: 'wh_1' })).toEqual([second]);
      expect(await store.list(acme, { ...EVERYTHING, limit: 1 })).toEqual([first]);
      expect(await store.tenants()).toContain(acme);
      expect([await store.remove(acme, 'wh_1'), await store.remove(acme, 'wh_1')]).toEqual([true, false]);
      expect(await store.get(acme, 'wh_1')).toBeUndefined();
    });

    it('[WHK-1] takes one change of a version, and refuses that of another', async () => {
      await store.add(acme, webhook('wh_1'), ROOMY);
      const second = webhook('wh_1', { version: 2 });
      await store.update(acme, second);
      for (const late of [webhook('wh_1', { version: 2 }), webhook('wh_1', { version: 4 }), webhook('wh_9')]) {
        await expect(store.update(acme, late)).rejects.toMatchObject({ code: 'CONFLICT' });
      }
      expect(await store.get(acme, 'wh_1')).toEqual(second);
    });

    it('[PRD-5] refuses more than a tenant or an owner may have, also of many at once', async () => {
      const add = (id: string, owner: string): Promise<void> =>
        store.add(acme, webhook(id, { owner }), { perTenant: 3, perOwner: 2 });
      const outcomes = await Promise.allSettled(['wh_1', 'wh_2', 'wh_3', 'wh_4'].map((id) => add(id, 'alice')));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      await add('wh_5', 'bob');
      await expect(add('wh_6', 'bob')).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
      await store.add(globex, webhook('wh_1'), { perTenant: 3, perOwner: 2 });
    });

    it('[PRD-4] shows and touches nothing of another tenant', async () => {
      const mine = webhook('wh_1');
      await store.add(acme, mine, ROOMY);
      await store.note(acme, [delivery('wh_1', 1)]);
      expect(await store.get(globex, 'wh_1')).toBeUndefined();
      expect(await store.list(globex, EVERYTHING)).toEqual([]);
      expect(await store.remove(globex, 'wh_1')).toBe(false);
      await expect(store.update(globex, webhook('wh_1', { version: 2 }))).rejects.toMatchObject({ code: 'CONFLICT' });
      await store.note(globex, [delivery('wh_1', 2)]);
      await store.prune(globex, 'wh_1', 0);
      const query = { webhookId: 'wh_1', status: undefined, before: '', limit: 9 };
      expect(await store.deliveries(globex, query)).toEqual([]);
      expect(await store.delivery(globex, 'wh_1', 'd_1')).toBeUndefined();
      expect([await store.get(acme, 'wh_1'), await idsOf()]).toEqual([mine, ['d_1']]);
    });

    it('[WHK-3] notes how each delivery stands now, and lists the newest first, page by page', async () => {
      await store.add(acme, webhook('wh_1'), ROOMY);
      const failed = delivery('wh_1', 2, {
        status: 'retrying',
        httpStatus: 503,
        reason: 'status',
        nextAtMs: AT_MS + 9,
      });
      await store.note(acme, [delivery('wh_1', 1), failed, delivery('wh_1', 3), delivery('wh_gone', 4)]);
      expect(await store.delivery(acme, 'wh_1', 'd_2')).toEqual(failed);
      const dead = { ...failed, attempt: 2, status: 'dead' as const, httpStatus: 0, reason: 'timeout', nextAtMs: 0 };
      await store.note(acme, [{ ...failed, attempt: 2 }, dead]);
      expect(await store.delivery(acme, 'wh_1', 'd_2')).toEqual(dead);
      expect(await idsOf()).toEqual(['d_3', 'd_2', 'd_1']);
      expect(await idsOf({ limit: 2 })).toEqual(['d_3', 'd_2']);
      expect(await idsOf({ before: 'd_2' })).toEqual(['d_1']);
      expect(await idsOf({ status: 'dead' })).toEqual(['d_2']);
      expect(await idsOf({ webhookId: 'wh_gone' })).toEqual([]);
      await store.remove(acme, 'wh_1');
      expect(await idsOf()).toEqual([]);
    });

    it('[PRD-5] forgets all but the newest of the dead, and of the others', async () => {
      await store.add(acme, webhook('wh_1'), ROOMY);
      const status = (number: number) => (number % 2 === 0 ? 'dead' : 'delivered');
      await store.note(
        acme,
        [1, 2, 3, 4, 5, 6, 7].map((number) => delivery('wh_1', number, { status: status(number) })),
      );
      await store.prune(acme, 'wh_1', 9);
      expect(await idsOf()).toHaveLength(7);
      await store.prune(acme, 'wh_1', 2);
      expect(await idsOf()).toEqual(['d_7', 'd_6', 'd_5', 'd_4']);
    });
  });
}
