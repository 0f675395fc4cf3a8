import type { TenantId } from '@arqonbus/protocol';
import { startWebhookSink } from '@arqonbus/testkit';
import type { SinkRequest, WebhookSink } from '@arqonbus/testkit';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disconnect, present } from '../testing/brain-fixture.ts';
import { alice, createWebhooksRig } from './webhooks-rig.ts';
import type { WebhooksRig } from './webhooks-rig.ts';

const bob = { user: 'bob', role: 'user' };
const root = { user: 'root', role: 'admin', admin: true };

let sink: WebhookSink;

beforeEach(async () => {
  sink = await startWebhookSink();
});

afterEach(() => sink.close());

const idsOf = (requests: readonly SinkRequest[]): string[] =>
  requests.map(({ headers }) => headers['webhook-id'] ?? '');
const until = (ids: readonly string[]): Promise<void> =>
  vi.waitFor(() => expect(idsOf(sink.requests)).toEqual(ids), { timeout: 10_000 });

/** The body, once its signature was checked as a receiver does; the clock of the tests stands elsewhere. */
function verified(rig: WebhooksRig, { headers, body }: SinkRequest, secret: string, laterMs = 0): unknown {
  vi.setSystemTime(rig.now() + laterMs);
  try {
    return new Webhook(secret).verify(body, { ...headers });
  } finally {
    vi.useRealTimers();
  }
}

describe('webhooks', () => {
  it('[WHK-1] [WHK-3] deliver what happened, signed after Standard Webhooks', async () => {
    const rig = await createWebhooksRig();
    const headers = { authorization: 'Bearer 0a1b2c3d' };
    const { webhook, secret } = await rig.register({ url: sink.url, headers, description: 'To \u{1f680}' });
    expect(webhook).toMatchObject({ url: sink.url, headers: ['authorization'] });
    rig.tell('arq_0000000001');
    await until(['arq_0000000001']);
    const [request] = sink.requests;
    expect(request?.headers).toMatchObject({ ...headers, 'webhook-seq': '1', 'webhook-attempt': '1' });
    expect(verified(rig, request as SinkRequest, secret)).toEqual({
      type: 'message',
      timestamp: new Date(rig.now()).toISOString(),
      data: {
        event_id: 'arq_0000000001',
        webhook_id: webhook?.record?.webhookId,
        tenant: 'acme',
        room: 'lab',
        channel: 'bench',
        seq: 1,
        message: { id: 'arq_0000000001', payload: { text: 'hello \u{1f680}' } },
      },
    });
  });

  it("[WHK-1] are their owner's; administrators see those of the tenant, and nobody those of another", async () => {
    const rig = await createWebhooksRig();
    const { webhook } = await rig.register({ url: sink.url });
    const webhookId = webhook?.record?.webhookId ?? '';
    const list = async (tenant: string, by: typeof bob): Promise<number> =>
      (await rig.call('webhooks.list', { tenant, by })).items.length;
    expect([await list('acme', alice as typeof bob), await list('acme', root)]).toEqual([1, 1]);
    expect([await list('acme', bob), await list('globex', root)]).toEqual([0, 0]);
    for (const [tenant, by] of [
      ['acme', bob],
      ['globex', root],
    ] as const) {
      const about = { tenant, by, webhookId };
      for (const method of [
        'webhooks.get',
        'webhooks.update',
        'webhooks.rotate_secret',
        'webhooks.deliveries',
      ] as const) {
        await expect(rig.call(method, about)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      }
      expect(await rig.call('webhooks.unregister', about)).toMatchObject({ unregistered: false });
    }
    const told = await rig.call('webhooks.get', { tenant: 'acme', by: root, webhookId });
    expect(
      JSON.stringify(told, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)),
    ).not.toContain('whsec_');
    expect(await rig.call('webhooks.unregister', { tenant: 'acme', by: root, webhookId })).toMatchObject({
      unregistered: true,
    });
    await vi.waitFor(() => expect(rig.hooks.count()).toBe(0));
  });

  it('[WHK-3] R-27: what was not signed so, or long ago, is refused by whoever looks at the signature', async () => {
    const rig = await createWebhooksRig();
    const [{ secret }, other] = [await rig.register({ url: sink.url }), await rig.register({ url: sink.url })];
    rig.tell('arq_0000000001');
    await vi.waitFor(() => expect(sink.requests).toHaveLength(2), { timeout: 10_000 });
    const signed = (by: string): SinkRequest[] =>
      sink.requests.filter((request) => {
        try {
          return verified(rig, request, by) !== undefined;
        } catch {
          return false;
        }
      });
    const [request, ...more] = signed(secret);
    if (request === undefined) throw new Error('nothing was signed with the secret');
    expect([more, signed(other.secret).includes(request)]).toEqual([[], false]);
    const minutes = 60_000;
    expect(verified(rig, request, secret, 4.9 * minutes)).toMatchObject({ data: { event_id: 'arq_0000000001' } });
    expect(() => verified(rig, request, secret, 5.1 * minutes)).toThrow(/too old/i);
    expect(() => verified(rig, request, secret, -5.1 * minutes)).toThrow(/too new/i);
    const forged = (changed: Partial<SinkRequest['headers']>, body = request.body): (() => unknown) => {
      const headers = { ...request.headers, ...changed } as SinkRequest['headers'];
      return () => verified(rig, { ...request, headers, body }, secret);
    };
    expect(forged({})).not.toThrow();
    expect(forged({}, request.body.replace('acme', 'acmf'))).toThrow(/signature/i);
    expect(forged({ 'webhook-id': 'arq_0000000002' })).toThrow(/signature/i);
    const sentAt = Number(request.headers['webhook-timestamp']);
    expect(forged({ 'webhook-timestamp': String(sentAt + 1) })).toThrow(/signature/i);
  });

  it('[WHK-1] R-27: sign with both secrets for a while after one was replaced', async () => {
    const rig = await createWebhooksRig();
    const { webhook, secret } = await rig.register({ url: sink.url });
    const about = { tenant: 'acme', by: alice, webhookId: webhook?.record?.webhookId ?? '' };
    const { secret: next } = await rig.call('webhooks.rotate_secret', { ...about, overlapMs: 60_000n });
    rig.tell('arq_0000000001');
    await until(['arq_0000000001']);
    for (const either of [secret, next]) verified(rig, sink.requests[0] as SinkRequest, either);
    await rig.wait(61);
    rig.tell('arq_0000000002');
    await until(['arq_0000000001', 'arq_0000000002']);
    verified(rig, sink.requests[1] as SinkRequest, next);
    expect(() => verified(rig, sink.requests[1] as SinkRequest, secret)).toThrow(/signature/i);
  });

  it('[WHK-2] keep the order of a channel, and stop for one whose right was taken', async () => {
    const rig = await createWebhooksRig();
    await rig.register({ url: sink.url });
    const ids = Array.from({ length: 20 }, (_, number) => `arq_00000000${number + 10}`);
    for (const id of ids) rig.tell(id);
    await until(ids);
    const grant = { subject: 'user:alice', action: 'join', pattern: 'lab:*', deny: true, createdBy: 'root' };
    await rig.call('grants.put', { tenant: 'acme', grant });
    rig.tell('arq_0000000030');
    await vi.waitFor(() => expect(rig.metrics.render()).toContain('webhook_deliveries_total{outcome="forbidden"} 1'));
    expect(idsOf(sink.requests)).toEqual(ids);
  });

  it('[WHK-2] tell of channels and their members, and of these to no one who may not ask for them', async () => {
    const rig = await createWebhooksRig();
    const events = ['presence', 'channel_created', 'channel_vacated', 'channel_deleted'];
    const { webhook } = await rig.register({ url: sink.url, events });
    const [room, channel] = ['lab', 'bench'];
    await rig.call('channels.create', { tenant: 'acme', record: { room, channel, createdBy: 'ann' } });
    const types = (): string[] => sink.requests.map(({ body }) => (JSON.parse(body) as { type: string }).type);
    await vi.waitFor(() => expect(types()).toEqual(['channel_created']));
    await rig.report('n1', present('acme', 'n1_a', 'ann', 'lab:bench'));
    await vi.waitFor(() => expect(types()).toEqual(['channel_created', 'presence']));
    const grant = { subject: 'user:alice', action: 'presence', pattern: 'lab:*', deny: true, createdBy: 'root' };
    await rig.call('grants.put', { tenant: 'acme', grant });
    await rig.pass(100);
    await rig.report('n1', [disconnect('acme', 'n1_a')]);
    await rig.call('channels.delete', { tenant: 'acme', room, channel });
    await vi.waitFor(() => expect(types().slice(2).toSorted()).toEqual(['channel_deleted', 'channel_vacated']));
    await vi.waitFor(() => expect(rig.metrics.render()).toContain('webhook_deliveries_total{outcome="forbidden"} 1'));
    expect(rig.metrics.render()).toContain('arqonbus_webhook_events_total{service="brain"} 5');
    expect(JSON.parse(sink.requests[1]?.body ?? '')).toMatchObject({
      data: { webhook_id: webhook?.record?.webhookId, presence: { joins: [{ client_id: 'n1_a', user: 'ann' }] } },
    });
  });

  it('[WHK-3] try again what failed, when they said they would, and give it up in the end', async () => {
    const rig = await createWebhooksRig({ env: { ARQONBUS_WEBHOOKS_RETRY_AFTER_SECONDS: '10,100' } });
    const { webhook } = await rig.register({ url: sink.url });
    const webhookId = webhook?.record?.webhookId ?? '';
    sink.answer(() => 503);
    rig.tell('arq_0000000001');
    await until(['arq_0000000001']);
    const about = { tenant: 'acme', by: alice, webhookId };
    const list = async (dead = false) => (await rig.call('webhooks.deliveries', { ...about, dead })).items;
    await vi.waitFor(async () =>
      expect(await list()).toMatchObject([{ status: 'retrying', attempt: 1, httpStatus: 503 }]),
    );
    await rig.wait(9);
    expect(sink.requests).toHaveLength(1);
    await rig.wait(3);
    await until(['arq_0000000001', 'arq_0000000001']);
    await vi.waitFor(async () => expect(await list()).toMatchObject([{ status: 'retrying', attempt: 2 }]));
    await rig.wait(120);
    await until(['arq_0000000001', 'arq_0000000001', 'arq_0000000001']);
    await vi.waitFor(async () =>
      expect(await list(true)).toMatchObject([{ status: 'dead', attempt: 3, httpStatus: 503 }]),
    );
    sink.answer(() => 200);
    expect(await rig.call('webhooks.replay', { ...about, dead: true })).toMatchObject({ replayed: 1 });
    await vi.waitFor(async () => expect(await list()).toMatchObject([{ status: 'delivered', httpStatus: 200 }]));
    expect(await list(true)).toEqual([]);
    expect(new Set(sink.requests.map(({ headers }) => headers['webhook-seq'])).size).toBe(1);
  });

  it('[WHK-3] are disabled by an endpoint that is gone, and by nothing else', async () => {
    const rig = await createWebhooksRig();
    const { webhook } = await rig.register({ url: sink.url });
    const webhookId = webhook?.record?.webhookId ?? '';
    sink.answer(() => 410);
    rig.tell('arq_0000000001');
    await vi.waitFor(() => expect(rig.hooks.get('acme' as TenantId, webhookId)?.status).toBe('disabled'));
    expect(rig.emitter.isWanted('acme' as TenantId, 'message', 'lab', 'bench')).toBe(false);
    sink.answer(() => 204);
    await rig.call('webhooks.update', { tenant: 'acme', by: alice, webhookId, status: 'active' });
    await vi.waitFor(() => expect(rig.emitter.isWanted('acme' as TenantId, 'message', 'lab', 'bench')).toBe(true));
    rig.tell('arq_0000000002');
    await until(['arq_0000000001', 'arq_0000000002']);
  });
});
