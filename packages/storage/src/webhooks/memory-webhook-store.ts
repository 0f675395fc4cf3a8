import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { DeliveryQuery, StoredDelivery, StoredWebhook, WebhookStore } from './webhook-store.ts';

interface Kept {
  webhook: StoredWebhook;
  readonly deliveries: Map<string, StoredDelivery>;
}

type KeptOfTenant = Map<string, Kept>;

/** Webhooks in the memory of this process: for development, and gone with it. */
export function createMemoryWebhookStore(): WebhookStore {
  const tenants = new Map<TenantId, KeptOfTenant>();
  const of = (tenant: TenantId): KeptOfTenant => tenants.get(tenant) ?? new Map<string, Kept>();
  return {
    add: async (tenant, webhook, { perTenant, perOwner }) => {
      const kept = of(tenant);
      const own = [...kept.values()].filter((other) => other.webhook.owner === webhook.owner);
      if (kept.size >= perTenant || own.length >= perOwner) {
        throw new BusError('QUOTA_EXCEEDED', 'There are too many webhooks.');
      }
      kept.set(webhook.webhookId, { webhook, deliveries: new Map() });
      tenants.set(tenant, kept);
    },
    update: async (tenant, webhook) => {
      const known = of(tenant).get(webhook.webhookId);
      if (known?.webhook.version !== webhook.version - 1) throw new BusError('CONFLICT');
      known.webhook = webhook;
    },
    get: async (tenant, webhookId) => of(tenant).get(webhookId)?.webhook,
    remove: async (tenant, webhookId) => of(tenant).delete(webhookId),
    list: async (tenant, { owner, after, limit }) =>
      [...of(tenant).values()]
        .map(({ webhook }) => webhook)
        .filter((webhook) => webhook.webhookId > after && (owner === undefined || webhook.owner === owner))
        .toSorted((a, b) => (a.webhookId < b.webhookId ? -1 : 1))
        .slice(0, limit),
    tenants: async () => [...tenants.keys()],
    note: async (tenant, deliveries) => {
      for (const delivery of deliveries)
        of(tenant).get(delivery.webhookId)?.deliveries.set(delivery.deliveryId, delivery);
    },
    deliveries: async (tenant, query) => newest(of(tenant).get(query.webhookId), query),
    delivery: async (tenant, webhookId, deliveryId) => of(tenant).get(webhookId)?.deliveries.get(deliveryId),
    prune: async (tenant, webhookId, keep) => {
      const known = of(tenant).get(webhookId);
      const all = newest(known, { status: undefined, before: '', limit: Number.POSITIVE_INFINITY });
      const isDead = ({ status }: StoredDelivery): boolean => status === 'dead';
      const over = [...all.filter(isDead).slice(keep), ...all.filter((delivery) => !isDead(delivery)).slice(keep)];
      for (const { deliveryId } of over) known?.deliveries.delete(deliveryId);
    },
  };
}

function newest(
  known: Kept | undefined,
  { status, before, limit }: Omit<DeliveryQuery, 'webhookId'>,
): readonly StoredDelivery[] {
  return [...(known?.deliveries.values() ?? [])]
    .filter((one) => (before === '' || one.deliveryId < before) && (status === undefined || one.status === status))
    .toSorted((a, b) => (a.deliveryId < b.deliveryId ? 1 : -1))
    .slice(0, limit);
}
