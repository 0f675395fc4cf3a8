import { startWebhookSink } from '@arqonbus/testkit';
import type { WebhookSink } from '@arqonbus/testkit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { alice, createWebhooksRig } from '../webhooks-rig.ts';
import type { WebhooksRig } from '../webhooks-rig.ts';
import { OPEN_MS } from './breakers.ts';

let sink: WebhookSink;

beforeEach(async () => {
  sink = await startWebhookSink();
});

afterEach(() => sink.close());

const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `arq_${String(n).padStart(10, '0')}`);
/** Ids that came to this path, in order. */
const idsAt = (path: string): readonly string[] =>
  sink.requests.filter((request) => request.path === path).map(({ headers }) => headers['webhook-id'] ?? '');
const counted = (rig: WebhooksRig, outcome: string): number =>
  Number(new RegExp(`webhook_deliveries_total\\{outcome="${outcome}"\\} (\\d+)`).exec(rig.metrics.render())?.[1]);
const at = (path: string): { url: string } => ({ url: `http://127.0.0.1:${sink.port}${path}` });

describe('an endpoint that does not answer', () => {
  it('[WHK-3] R-24: delays no other: while its requests are open, all others get all that is theirs, in order', async () => {
    const rig = await createWebhooksRig();
    await rig.register(at('/silent'));
    await rig.register(at('/quick'));
    sink.answer(({ path }) => (path === '/silent' ? undefined : 204));
    const ids = numbered(100);
    for (const [n, id] of ids.entries()) {
      rig.tell(id);
      await vi.waitFor(() => expect(idsAt('/quick')).toEqual(ids.slice(0, n + 1)));
    }
    // Of a channel one waits for the other.
    expect(idsAt('/silent')).toHaveLength(1);
  });

  it('[WHK-3] R-24: takes no more than its slots, however many channels it waits for, and leaves its tenant the others', async () => {
    const rig = await createWebhooksRig();
    const wish = { room: 'lab', channel: '' };
    await rig.register({ ...at('/silent'), ...wish });
    await rig.register({ ...at('/quick'), ...wish });
    sink.answer(({ path }) => (path === '/silent' ? undefined : 204));
    const ids = numbered(40);
    for (const [n, id] of ids.entries()) rig.tell(id, { channel: `c${n}` });
    await vi.waitFor(() => expect(idsAt('/quick').toSorted()).toEqual(ids), 10_000);
    expect(idsAt('/silent')).toHaveLength(8);
  });
});

describe('an endpoint that fails', () => {
  it('[WHK-3] is left alone after five failures, tried once, and heard again when that went well', async () => {
    const rig = await createWebhooksRig({ env: { ARQONBUS_WEBHOOKS_RETRY_AFTER_SECONDS: '3600,7200' } });
    await rig.register(at('/hook'));
    sink.answer(() => 500);
    const [fifth, sixth, probe, good] = numbered(9)
      .slice(4)
      .filter((_, n) => n !== 3) as [string, string, string, string];
    for (const id of numbered(5)) rig.tell(id);
    await vi.waitFor(() => expect(counted(rig, 'failed')).toBe(5));
    expect(idsAt('/hook').at(-1)).toBe(fifth);
    rig.tell(sixth);
    await vi.waitFor(() => expect(counted(rig, 'deferred')).toBe(1));
    expect(rig.metrics.render()).toMatch(/^arqonbus_webhook_circuits_opened_total 1$/m);
    expect(idsAt('/hook')).toHaveLength(5);
    // Half open: one goes out, fails, and closes the door again.
    await rig.wait(OPEN_MS / 1_000);
    rig.tell(probe);
    await vi.waitFor(() => expect(counted(rig, 'failed')).toBe(6));
    rig.tell(good);
    await vi.waitFor(() => expect(counted(rig, 'deferred')).toBeGreaterThan(1));
    expect(rig.metrics.render()).toMatch(/^arqonbus_webhook_circuits_opened_total 2$/m);
    sink.answer(() => 204);
    await rig.wait((2 * OPEN_MS) / 1_000 + 1);
    await vi.waitFor(() => expect(counted(rig, 'delivered')).toBeGreaterThan(0));
    for (const id of numbered(12).slice(9)) rig.tell(id);
    await vi.waitFor(() => expect(idsAt('/hook')).toEqual(expect.arrayContaining(numbered(12).slice(9))));
    expect(rig.metrics.render()).toMatch(/^arqonbus_webhook_circuits_open 0$/m);
  });

  it('[WHK-3] has a share of the queue of further attempts; what is beyond is a dead letter, and others keep theirs', async () => {
    const rig = await createWebhooksRig({ env: { ARQONBUS_WEBHOOKS_RETRY_AFTER_SECONDS: '3600,7200' } });
    const first = await rig.register(at('/first'));
    const second = await rig.register({ ...at('/second'), channel: 'other' });
    sink.answer(() => 500);
    const padding = new TextEncoder().encode(JSON.stringify({ id: 'large', payload: 'x'.repeat(50_000) }));
    for (const id of numbered(20)) rig.tell(id, { data: padding });
    const dead = async ({ webhook }: typeof first): Promise<readonly string[]> => {
      const about = { tenant: 'acme', by: alice, webhookId: webhook?.record?.webhookId ?? '', dead: true };
      return (await rig.call('webhooks.deliveries', about)).items.map(({ reason }) => reason);
    };
    const isOver = async (): Promise<void> => {
      const lost = (await dead(first)).length;
      expect([lost + waiting(rig), new Set(await dead(first))]).toEqual([20, new Set(['too_many'])]);
    };
    await vi.waitFor(isOver, 10_000);
    const held = waiting(rig);
    // A third of a mebibyte, of about 50 KB each.
    expect(held).toBe(7);
    rig.tell('arq_of_another', { channel: 'other', data: padding });
    await vi.waitFor(() => expect(waiting(rig)).toBe(held + 1));
    expect(await dead(second)).toEqual([]);
  });
});

function waiting(rig: WebhooksRig): number {
  return Number(/^arqonbus_webhook_retries_waiting (\d+)$/m.exec(rig.metrics.render())?.[1]);
}
