import type { TenantId } from '@arqonbus/protocol';
import type { StoredDelivery, WebhookStore } from '@arqonbus/storage';

/** Notes what became of deliveries. */
export interface DeliveryLog {
  /** Soon, and only if the store can be reached: no delivery waits for it. */
  note(tenant: TenantId, delivery: StoredDelivery): void;
  /** At once; throws `UNAVAILABLE`, and then it is kept nowhere. */
  keep(tenant: TenantId, delivery: StoredDelivery): Promise<void>;
  /** Writes what waits. */
  flush(): Promise<void>;
  /** Forgets the oldest of the webhooks that something was noted of since it was called last. */
  prune(): Promise<void>;
}

/** What noting needs. */
export interface DeliveryLogOptions {
  readonly store: Pick<WebhookStore, 'note' | 'prune'>;
  /** Read each time: how many of a webhook are kept. */
  readonly limits: { readonly keepDeliveries: number };
  /** So many could not be noted. */
  readonly dropped: (deliveries: number) => void;
}

const MAX_WAITING = 10_000;
const MAX_TOGETHER = 200;
const FLUSH_MS = 200;

/** A log in this store. */
export function createDeliveryLog({ store, limits, dropped }: DeliveryLogOptions): DeliveryLog {
  const waiting = new Map<TenantId, StoredDelivery[]>();
  const touched = new Map<string, readonly [TenantId, string]>();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const touch = (tenant: TenantId, { webhookId }: StoredDelivery): void =>
    void touched.set(`${tenant}/${webhookId}`, [tenant, webhookId]);
  const write = async (tenant: TenantId, deliveries: readonly StoredDelivery[]): Promise<void> => {
    for (let start = 0; start < deliveries.length; start += MAX_TOGETHER) {
      const some = deliveries.slice(start, start + MAX_TOGETHER);
      // Postgres is away: the list has a hole, and nothing else.
      await store.note(tenant, some).catch(() => dropped(some.length));
    }
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    count = 0;
    const taken = [...waiting];
    waiting.clear();
    for (const [tenant, deliveries] of taken) await write(tenant, deliveries);
  };
  return {
    flush,
    note: (tenant, delivery) => {
      if (count >= MAX_WAITING) {
        dropped(1);
        return;
      }
      count += 1;
      touch(tenant, delivery);
      const deliveries = waiting.get(tenant);
      if (deliveries === undefined) waiting.set(tenant, [delivery]);
      else deliveries.push(delivery);
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref();
    },
    keep: async (tenant, delivery) => {
      // What was noted before must not come after.
      await flush();
      touch(tenant, delivery);
      await store.note(tenant, [delivery]);
    },
    prune: async () => {
      for (const [key, [tenant, webhookId]] of touched) {
        await store.prune(tenant, webhookId, limits.keepDeliveries);
        touched.delete(key);
      }
    },
  };
}
