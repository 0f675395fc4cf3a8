import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { WebhookDeliverySchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ReplayWebhookRequest } from '@arqonbus/protocol/spine-messages';
import type { StoredDelivery } from '@arqonbus/storage';
import { retryPartition } from './delivery/retry-partition.ts';
import { findWebhook } from './hook-records.ts';
import type { WebhookParts } from './webhook-parts.ts';

/** Dead letters that one command brings back at the most; who has more asks again. */
const MAX_REPLAYED = 1_000;

/** Delivers again what was delivered or given up, with the ids and places that it had; as if it was new in all else (WHK-3). */
export async function replay(
  request: ReplayWebhookRequest,
  parts: WebhookParts,
): Promise<{ readonly replayed: number }> {
  const { tenant, webhookId } = await findWebhook(parts, request);
  const chosen = await choose(request, tenant, webhookId, parts);
  for (const delivery of chosen) await again(delivery, tenant, parts);
  return { replayed: chosen.length };
}

async function choose(
  { deliveryId, dead }: ReplayWebhookRequest,
  tenant: TenantId,
  webhookId: string,
  { store }: WebhookParts,
): Promise<readonly StoredDelivery[]> {
  if (deliveryId === '') {
    if (!dead) throw new BusError('VALIDATION_ERROR', 'The delivery is missing.');
    return store.deliveries(tenant, { webhookId, status: 'dead', before: '', limit: MAX_REPLAYED });
  }
  const delivery = await store.delivery(tenant, webhookId, deliveryId);
  if (delivery === undefined || (dead && delivery.status !== 'dead')) throw new BusError('NOT_FOUND');
  return [delivery];
}

async function again(delivery: StoredDelivery, tenant: TenantId, parts: WebhookParts): Promise<void> {
  const { webhookId, deliveryId, item } = delivery;
  const nowMs = parts.clock.now();
  const fresh = { attempts: 0, firstAtMs: BigInt(nowMs), dueAtMs: BigInt(nowMs) };
  const data = toBinary(
    WebhookDeliverySchema,
    create(WebhookDeliverySchema, { ...fromBinary(WebhookDeliverySchema, item), ...fresh }),
  );
  const id = `${webhookId}/${deliveryId}/replay/${nowMs}`;
  await parts.retries.add({ tenant, partition: retryPartition(tenant, webhookId), id, data });
  // Noted at once, so that a second command does not bring it back once more.
  await parts.store.note(tenant, [{ ...delivery, status: 'retrying', attempt: 0, nextAtMs: nowMs }]);
}
