import type {
  ListWebhooksRequest,
  WebhookDeliveriesRequest,
  WebhookDeliveryView,
  WebhookRequest,
  WebhookView,
} from '@arqonbus/protocol/spine-messages';
import { WebhookDeliveryViewSchema, create } from '@arqonbus/protocol/spine-messages';
import type { StoredDelivery } from '@arqonbus/storage';
import { jsonBytes, pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseTenant } from '../requests/parse-request.ts';
import { findWebhook, parseBy, recordOf } from './hook-records.ts';
import type { WebhookParts } from './webhook-parts.ts';
import { viewOf } from './webhook-view.ts';

/** Names of the fields and the times in a JSON frame. */
const FIELDS_BYTES = 400;

/** Lists the webhooks of who asks; an administrator's are all of the tenant. */
export async function list(
  request: ListWebhooksRequest,
  { store, box, pageBytes }: WebhookParts,
): Promise<{ readonly items: WebhookView[]; readonly cursor: string }> {
  const tenant = parseTenant(request.tenant);
  const by = parseBy(request.by);
  const limit = pageLimit(request.limit);
  const after = request.cursor === '' ? '' : parseCursor(request.cursor);
  // One more than asked for tells whether there are more.
  const found = await store.list(tenant, { owner: by.admin ? undefined : by.user, after, limit: limit + 1 });
  const views = found.map((stored) => {
    const record = recordOf(stored);
    return viewOf(record, box.open(tenant, record.webhookId, record.sealed) ?? { url: '', headers: {} });
  });
  const sizeOf = ({ record, url, headers }: WebhookView): number =>
    FIELDS_BYTES + jsonBytes(url) + jsonBytes(record?.description ?? '') + jsonBytes(headers.join());
  const keyOf = ({ record }: WebhookView): string => record?.webhookId ?? '';
  return takePage(views, { cursor: '', limit }, { keyOf, sizeOf, pageBytes });
}

/** One webhook. */
export async function get(request: WebhookRequest, parts: WebhookParts): Promise<{ readonly webhook: WebhookView }> {
  const { record, secrets } = await findWebhook(parts, request);
  return { webhook: viewOf(record, secrets) };
}

/** What became of deliveries lately, the newest first; of those that came to no end alone, where that is asked. */
export async function deliveries(
  request: WebhookDeliveriesRequest,
  parts: WebhookParts,
): Promise<{ readonly items: WebhookDeliveryView[]; readonly cursor: string }> {
  const { tenant, webhookId } = await findWebhook(parts, request);
  const limit = pageLimit(request.limit);
  const before = request.cursor === '' ? '' : parseCursor(request.cursor);
  const status = request.dead ? ('dead' as const) : undefined;
  const found = await parts.store.deliveries(tenant, { webhookId, status, before, limit: limit + 1 });
  const keyOf = ({ deliveryId }: StoredDelivery): string => deliveryId;
  const sizeOf = ({ eventId }: StoredDelivery): number => FIELDS_BYTES + jsonBytes(eventId);
  const page = takePage(found, { cursor: '', limit }, { keyOf, sizeOf, pageBytes: parts.pageBytes });
  return { items: page.items.map(deliveryView), cursor: page.cursor };
}

function deliveryView({ atMs, nextAtMs, ...delivery }: StoredDelivery): WebhookDeliveryView {
  const times = { atMs: BigInt(atMs), nextAtMs: BigInt(nextAtMs) };
  const { deliveryId, eventId, type, attempt, status, httpStatus, reason } = delivery;
  return create(WebhookDeliveryViewSchema, {
    deliveryId,
    eventId,
    type,
    attempt,
    status,
    httpStatus,
    reason,
    ...times,
  });
}
