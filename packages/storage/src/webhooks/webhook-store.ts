import type { TenantId } from '@arqonbus/protocol';

/** A webhook as it is kept (WHK-1): its record is for whoever keeps it to read. */
export interface StoredWebhook {
  readonly webhookId: string;
  readonly owner: string;
  /** Counts changes; the first is 1. */
  readonly version: number;
  /** Encoded `arqon.v1.WebhookRecord`. */
  readonly record: Uint8Array;
}

/** How many webhooks there may be; more are refused. */
export interface WebhookLimits {
  readonly perTenant: number;
  readonly perOwner: number;
}

/** What a list is cut by. Webhooks are in the order of their ids. */
export interface WebhookQuery {
  /** Undefined = of all owners. */
  readonly owner: string | undefined;
  /** The id to begin after; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

/** How a delivery stands: it came to its end, there is to be another attempt, or there is none any more (WHK-3). */
export type DeliveryStatus = 'delivered' | 'retrying' | 'dead';

/** One event on its way to one webhook, as it stood after its last attempt. */
export interface StoredDelivery {
  readonly webhookId: string;
  /** Grows with the time of the event. */
  readonly deliveryId: string;
  readonly eventId: string;
  readonly type: string;
  readonly attempt: number;
  readonly status: DeliveryStatus;
  /** 0 = there was no answer. */
  readonly httpStatus: number;
  /** A word on what went wrong; '' = nothing did. */
  readonly reason: string;
  readonly atMs: number;
  /** 0 = there is to be no further attempt. */
  readonly nextAtMs: number;
  /** Encoded `arqon.v1.WebhookDelivery`, to do it again. */
  readonly item: Uint8Array;
}

/** What a list of deliveries is cut by. The newest come first. */
export interface DeliveryQuery {
  readonly webhookId: string;
  /** Undefined = however they stand. */
  readonly status: DeliveryStatus | undefined;
  /** The id that all of them come before; '' = from the newest. */
  readonly before: string;
  readonly limit: number;
}

/**
 * The truth about webhooks, and what became of their deliveries lately. No call of one tenant sees or touches another's
 * (PRD-4). Throws `UNAVAILABLE` while the store cannot be used.
 */
export interface WebhookStore {
  /** Adds one; throws `QUOTA_EXCEEDED` where it would be one too many. */
  add(tenant: TenantId, webhook: StoredWebhook, limits: WebhookLimits): Promise<void>;
  /** Replaces the one whose version is that before this one's; throws `CONFLICT` where it is another, or is gone. */
  update(tenant: TenantId, webhook: StoredWebhook): Promise<void>;
  get(tenant: TenantId, webhookId: string): Promise<StoredWebhook | undefined>;
  /** Removes it with its deliveries, and says whether there was one. */
  remove(tenant: TenantId, webhookId: string): Promise<boolean>;
  list(tenant: TenantId, query: WebhookQuery): Promise<readonly StoredWebhook[]>;
  /** The tenants that ever had something here. */
  tenants(): Promise<readonly TenantId[]>;
  /** Notes how deliveries stand, each in place of what was noted of it before. Those of webhooks that are gone are not. */
  note(tenant: TenantId, deliveries: readonly StoredDelivery[]): Promise<void>;
  deliveries(tenant: TenantId, query: DeliveryQuery): Promise<readonly StoredDelivery[]>;
  delivery(tenant: TenantId, webhookId: string, deliveryId: string): Promise<StoredDelivery | undefined>;
  /** Forgets all of a webhook's deliveries but the newest `keep` that are dead, and as many of the others. */
  prune(tenant: TenantId, webhookId: string, keep: number): Promise<void>;
}
