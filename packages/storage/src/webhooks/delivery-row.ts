import type { DeliveryStatus, StoredDelivery } from './webhook-store.ts';

/** A row of `arqon.webhook_deliveries`. */
export interface DeliveryRow {
  readonly webhook_id: string;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly attempt: number;
  readonly status: DeliveryStatus;
  readonly http_status: number;
  readonly reason: string;
  readonly at: Date;
  readonly next_at: Date | null;
  readonly item: Uint8Array;
}

/** Its columns, in the order of {@link deliveryValues}. */
export const DELIVERY_COLUMNS =
  'webhook_id, delivery_id, event_id, type, attempt, status, http_status, reason, at, next_at, item';

/** A delivery of its row. */
export function deliveryOf(row: DeliveryRow): StoredDelivery {
  return {
    webhookId: row.webhook_id,
    deliveryId: row.delivery_id,
    eventId: row.event_id,
    type: row.type,
    attempt: row.attempt,
    status: row.status,
    httpStatus: row.http_status,
    reason: row.reason,
    atMs: row.at.getTime(),
    nextAtMs: row.next_at?.getTime() ?? 0,
    item: new Uint8Array(row.item),
  };
}

/** An array of values for each column. */
export function deliveryValues(deliveries: readonly StoredDelivery[]): readonly unknown[][] {
  const column = (valueOf: (delivery: StoredDelivery) => unknown): unknown[] => deliveries.map(valueOf);
  return [
    column(({ webhookId }) => webhookId),
    column(({ deliveryId }) => deliveryId),
    column(({ eventId }) => eventId),
    column(({ type }) => type),
    column(({ attempt }) => attempt),
    column(({ status }) => status),
    column(({ httpStatus }) => httpStatus),
    column(({ reason }) => reason),
    column(({ atMs }) => new Date(atMs)),
    column(({ nextAtMs }) => (nextAtMs === 0 ? null : new Date(nextAtMs))),
    column(({ item }) => Buffer.from(item)),
  ];
}
