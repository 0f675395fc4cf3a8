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

/** Beyond, its endpoint is slower than what happens: the rest goes among those that are tried again, and costs others nothing. */
const MAX_WAITING = 64;

/**
 * First attempts in order per webhook and channel (WHK-2), webhooks beside each other. What is too much for one lane does not
 * wait here, where it would hold up the queue that all share.
 */
export class EventLanes {
  readonly #deliverer: Deliverer;
  readonly #slots: DeliverySlots;
  /** By webhook, then by channel. */
  readonly #webhooks = new Map<string, Map<string, Lane>>();

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
    if (lane.waiting.length >= MAX_WAITING) return this.#deliverer.defer(job, 0);
    return new Promise<void>((done, failed) => {
      lane.waiting.push({ job, done, failed });
      this.#start(lane);
    });
  }

  /** Forgets what waits: somebody else does it now. */
  clear(): void {
    this.#webhooks.clear();
  }

  #lanesOf({ tenant, hook }: DeliveryJob): Map<string, Lane> {
    const key = `${tenant}/${hook.webhookId}`;
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
