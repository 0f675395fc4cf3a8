/** Whose delivery it is. */
export interface SlotOwner {
  readonly tenant: string;
  readonly webhookId: string;
}

/** How many deliveries may be under way at once: one slow endpoint, or one tenant with many, delays no other (WHK-3). */
export interface SlotLimits {
  readonly perWebhook: number;
  readonly perTenant: number;
  readonly inAll: number;
}

/** Counts what is under way. */
export class DeliverySlots {
  readonly #limits: SlotLimits;
  readonly #taken = new Map<string, number>();
  #inAll = 0;
  /** Told that one has come free. */
  onFree: () => void = () => undefined;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  get inAll(): number {
    return this.#inAll;
  }

  /** Takes one; false where there is none left. */
  take({ tenant, webhookId }: SlotOwner): boolean {
    const [ofTenant, ofWebhook] = [tenant, `${tenant}/${webhookId}`];
    const { perWebhook, perTenant, inAll } = this.#limits;
    if (this.#inAll >= inAll || this.#of(ofTenant) >= perTenant || this.#of(ofWebhook) >= perWebhook) return false;
    this.#add(ofTenant, 1);
    this.#add(ofWebhook, 1);
    this.#inAll += 1;
    return true;
  }

  /** Gives one back that was taken. */
  release({ tenant, webhookId }: SlotOwner): void {
    this.#add(tenant, -1);
    this.#add(`${tenant}/${webhookId}`, -1);
    this.#inAll -= 1;
    this.onFree();
  }

  #of(owner: string): number {
    return this.#taken.get(owner) ?? 0;
  }

  #add(owner: string, change: number): void {
    const taken = this.#of(owner) + change;
    if (taken === 0) this.#taken.delete(owner);
    else this.#taken.set(owner, taken);
  }
}
