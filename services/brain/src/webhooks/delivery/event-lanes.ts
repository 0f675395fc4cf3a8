import type { DeliverySlots } from './slots.ts';
import type { Deliverer, DeliveryJob } from './deliverer.ts';

/** A first attempt that waits for its turn. */
interface Waiting {
  readonly job: DeliveryJob;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** First attempts of one webhook for one channel: one after the other. */
interface Lane {
  readonly waiting: Waiting[];
  isBusy: boolean;
}

/** First attempts that wait here, of all webhooks. An event is in hand until all of its webhooks are done with it. */
export const MAX_WAITING = 1_024;
/** Of the places that are free a webhook may take this part: one that is slow a third of all, two a quarter each; so none fills them. */
const OF_FREE = 0.5;

/**
 * First attempts in order per webhook and channel (WHK-2), webhooks beside each other. What is too much for one lane does not
 * wait here, where it would hold up the queue that all share.
 */
export class EventLanes {
  readonly #deliverer: Deliverer;
  readonly #slots: DeliverySlots;
  /** By webhook, then by channel. */
  readonly #webhooks = new Map<string, Map<string, Lane>>();
  readonly #waitingOf = new Map<string, number>();
  #waiting = 0;

  constructor(deliverer: Deliverer, slots: DeliverySlots) {
    this.#deliverer = deliverer;
    this.#slots = slots;
    slots.onFree = () => this.#startWaiting();
  }

  /** Resolves once the delivery has been made, or is put among those that are tried again; see {@link Deliverer}. */
  deliver(job: DeliveryJob): Promise<void> {
    const { room = '', channel = '' } = job.delivery.event ?? {};
    const lanes = this.#lanesOf(job);
    const lane = lanes.get(`${room}:${channel}`) ?? { waiting: [], isBusy: false };
    lanes.set(`${room}:${channel}`, lane);
    const waiting = this.#waitingOf.get(keyOf(job)) ?? 0;
    if (waiting >= (MAX_WAITING - this.#waiting) * OF_FREE) return this.#deliverer.defer(job, 0);
    this.#count(job, 1);
    return new Promise<void>((done, failed) => {
      lane.waiting.push({ job, done, failed });
      this.#start(lane);
    });
  }

  /** Forgets what waits: somebody else does it now. */
  clear(): void {
    this.#webhooks.clear();
    this.#waitingOf.clear();
    this.#waiting = 0;
  }

  #count(job: DeliveryJob, change: number): void {
    const key = keyOf(job);
    const waiting = (this.#waitingOf.get(key) ?? 0) + change;
    this.#waiting += change;
    if (waiting === 0) this.#waitingOf.delete(key);
    else this.#waitingOf.set(key, waiting);
  }

  #lanesOf(job: DeliveryJob): Map<string, Lane> {
    const key = keyOf(job);
    const lanes = this.#webhooks.get(key) ?? new Map<string, Lane>();
    this.#webhooks.set(key, lanes);
    return lanes;
  }

  /** Starts the next of a lane where it is free and there is a slot; else a slot that comes free starts it. */
  #start(lane: Lane): boolean {
    const [next] = lane.waiting;
    if (lane.isBusy || next === undefined) return true;
    const owner = { tenant: next.job.tenant, webhookId: next.job.hook.webhookId };
    if (!this.#slots.take(owner)) return false;
    lane.waiting.shift();
    this.#count(next.job, -1);
    lane.isBusy = true;
    void this.#run(next).finally(() => {
      lane.isBusy = false;
      this.#slots.release(owner);
    });
    return true;
  }

  async #run({ job, done, failed }: Waiting): Promise<void> {
    try {
      await this.#deliverer.attempt(job);
      done();
    } catch (error) {
      failed(error);
    }
  }

  /** Webhook by webhook, each as far as it has slots. */
  #startWaiting(): void {
    for (const [key, lanes] of this.#webhooks) {
      for (const [channel, lane] of lanes) {
        if (lane.waiting.length === 0 && !lane.isBusy) lanes.delete(channel);
        else if (!this.#start(lane)) break;
      }
      if (lanes.size === 0) this.#webhooks.delete(key);
    }
  }
}

function keyOf({ tenant, hook }: DeliveryJob): string {
  return `${tenant}/${hook.webhookId}`;
}
