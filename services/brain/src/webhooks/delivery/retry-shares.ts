import type { SlotOwner } from './slots.ts';

/** What can be held altogether. */
export interface ShareLimits {
  /** Bytes; read each time. */
  readonly bytes: () => number;
  /** However small they are. */
  readonly items: number;
}

/** Of what is free a webhook may hold this part, and its tenant that one: so the next to fail finds room, however many have. */
const OF_FREE = { webhook: 0.5, tenant: 1 };
/** What a queue keeps of an item beside its data. */
const ITEM_BYTES = 256;

interface Held {
  readonly partition: number;
  readonly owners: readonly [webhook: string, tenant: string];
  readonly weight: number;
}

/**
 * Shares the queue of further attempts out among those whose deliveries wait in it (WHK-3). Alone, a webhook gets a third of
 * it; two get a quarter each, and so on.
 */
export class RetryShares {
  readonly #limits: ShareLimits;
  readonly #held = new Map<number, Held>();
  readonly #weights = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  #weight = 0;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  /** Holds what waits; false where its webhook or its tenant holds its share already. `seq` names it. */
  hold({ tenant, webhookId }: SlotOwner, item: { seq: number; partition: number; bytes: number }): boolean {
    const limitBytes = this.#limits.bytes();
    const weight = Math.max(item.bytes + ITEM_BYTES, limitBytes / this.#limits.items);
    const owners = [`${tenant}/${webhookId}`, tenant] as const;
    const free = limitBytes - this.#weight;
    const [ofWebhook, ofTenant] = owners.map((owner) => (this.#weights.get(owner) ?? 0) + weight);
    if ((ofWebhook ?? 0) > free * OF_FREE.webhook || (ofTenant ?? 0) > free * OF_FREE.tenant) return false;
    this.#held.set(item.seq, { partition: item.partition, owners, weight });
    this.#count(owners, weight, 1);
    return true;
  }

  /** It came again, and does not wait any more. */
  release(seq: number): void {
    const held = this.#held.get(seq);
    if (held === undefined) return;
    this.#held.delete(seq);
    this.#count(held.owners, -held.weight, -1);
  }

  /** Somebody else has the partition now. */
  forget(partition: number): void {
    for (const [seq, held] of this.#held) if (held.partition === partition) this.release(seq);
  }

  /** How many of a webhook wait. */
  waiting({ tenant, webhookId }: SlotOwner): number {
    return this.#counts.get(`${tenant}/${webhookId}`) ?? 0;
  }

  /** How many wait altogether. */
  inAll(): number {
    return this.#held.size;
  }

  #count(owners: Held['owners'], weight: number, items: number): void {
    this.#weight += weight;
    for (const owner of owners) {
      const count = (this.#counts.get(owner) ?? 0) + items;
      this.#counts.set(owner, count);
      this.#weights.set(owner, (this.#weights.get(owner) ?? 0) + weight);
      if (count > 0) continue;
      this.#counts.delete(owner);
      this.#weights.delete(owner);
    }
    if (this.#held.size === 0) this.#weight = 0;
  }
}
