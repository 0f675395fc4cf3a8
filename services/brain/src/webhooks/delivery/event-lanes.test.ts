import type { TenantId } from '@arqonbus/protocol';
import {
  WebhookDeliverySchema,
  WebhookEventSchema,
  WebhookRecordSchema,
  create,
} from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import type { Deliverer, DeliveryJob } from './deliverer.ts';
import { EventLanes, MAX_WAITING } from './event-lanes.ts';
import { DeliverySlots } from './slots.ts';

const CHANNELS = 20;

function jobFor(webhookId: string, n: number): DeliveryJob {
  const event = create(WebhookEventSchema, { eventId: `e${n}`, room: 'lab', channel: `c${n % CHANNELS}` });
  const hook = create(WebhookRecordSchema, { webhookId });
  return { tenant: webhookId as TenantId, hook, delivery: create(WebhookDeliverySchema, { event, webhookId }) };
}

/** Lanes whose slow webhooks never answer; those that are quick do at once. */
function createRig() {
  const delivered: string[] = [];
  const deferred = new Map<string, number>();
  const deliverer: Deliverer = {
    attempt: async ({ hook, delivery }) => {
      if (hook.webhookId.startsWith('slow')) return new Promise<void>(() => undefined);
      delivered.push(`${hook.webhookId} ${delivery.event?.eventId ?? ''}`);
      return undefined;
    },
    defer: async ({ hook }) => void deferred.set(hook.webhookId, (deferred.get(hook.webhookId) ?? 0) + 1),
    refuse: async () => undefined,
  };
  const lanes = new EventLanes(deliverer, new DeliverySlots({ perWebhook: 8, perTenant: 64, inAll: 512 }));
  return { lanes, delivered, deferred };
}

describe('first attempts', () => {
  it('[WHK-3] R-24: of a webhook that never answers take a third of the places, whatever the number of its channels', async () => {
    const { lanes, delivered, deferred } = createRig();
    for (let n = 0; n < 2_000; n += 1) {
      void lanes.deliver(jobFor('slow', n));
      await lanes.deliver(jobFor('quick', n));
    }
    expect(delivered).toEqual(Array.from({ length: 2_000 }, (_, n) => `quick e${n}`));
    const kept = 2_000 - (deferred.get('slow') ?? 0);
    expect([kept, deferred.get('quick')]).toEqual([Math.ceil(MAX_WAITING / 3) + 8, undefined]);
  });

  it('[WHK-3] R-24: leave places free however many webhooks do not answer', async () => {
    const { lanes, delivered, deferred } = createRig();
    for (let n = 0; n < 500; n += 1)
      for (let hook = 0; hook < 20; hook += 1) void lanes.deliver(jobFor(`slow-${hook}`, n));
    const kept = 20 * 500 - [...deferred.values()].reduce((sum, count) => sum + count, 0);
    expect(kept).toBeLessThan(MAX_WAITING + 20 * 8);
    await lanes.deliver(jobFor('quick', 1));
    expect([delivered, deferred.get('quick')]).toEqual([['quick e1'], undefined]);
  });

  it('[WHK-2] find their places again once they are made', async () => {
    const { lanes, deferred } = createRig();
    for (let round = 0; round < 3; round += 1)
      await Promise.all(Array.from({ length: 300 }, (_, n) => lanes.deliver(jobFor('quick', n))));
    expect(deferred.size).toBe(0);
  });
});
