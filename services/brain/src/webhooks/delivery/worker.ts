import { WebhookDeliverySchema, WebhookEventSchema, create, readMessage } from '@arqonbus/protocol/spine-messages';
import type { WebhookDelivery, WebhookEvent, WebhookRecord } from '@arqonbus/protocol/spine-messages';
import type { Clock, TenantId } from '@arqonbus/protocol';
import type { WorkItem, WorkQueue, WorkTaker } from '@arqonbus/spine';
import type { Deliverer } from './deliverer.ts';
import { EventLanes, MAX_WAITING } from './event-lanes.ts';
import type { RetryShares } from './retry-shares.ts';
import type { DeliverySlots } from './slots.ts';

/** What delivering needs. */
export interface WebhookWorkerOptions {
  readonly events: Pick<WorkQueue, 'take'>;
  readonly retries: Pick<WorkQueue, 'take'>;
  readonly deliverer: Deliverer;
  readonly slots: DeliverySlots;
  readonly shares: RetryShares;
  readonly clock: Clock;
  /** False while there are no webhooks: then no queue is followed. */
  readonly isNeeded: () => boolean;
  /** The webhook as it is now; undefined = there is none. Throws `UNAVAILABLE`. */
  readonly hookOf: (tenant: TenantId, webhookId: string) => Promise<WebhookRecord | undefined>;
  /** False while it is not known who may see what: then nothing is delivered (PRD-6). */
  readonly mayJudge: () => boolean;
  readonly malformed: () => void;
  readonly onError: (error: unknown) => void;
  readonly random: () => number;
}

/** More than can wait and be under way (`DeliverySlots`): else those that are slow would hold up what others wait for. */
const MAX_EVENTS_IN_HAND = MAX_WAITING + 640;
/** Of a partition; as many as all webhooks together may have waiting (`RetryShares`). */
export const MAX_RETRIES_IN_HAND = 100_000;
/** What could not be ended is looked at again after this. */
const AGAIN_MS = 5_000;
/** A webhook that has its hands full is looked at again after this, or after so long for each that waits: 100 times a second at most. */
const BUSY_MS = 500;
const BUSY_MS_EACH = 10;

/**
 * Takes the queues of the partitions that this Brain owns and delivers what they hold (WHK-2, WHK-3). An event is done once it
 * is done for every webhook that waited for it; a Brain that dies before leaves it to the next owner.
 */
export class WebhookWorker {
  readonly #options: WebhookWorkerOptions;
  readonly #takers = new Map<string, WorkTaker>();
  #owned: ReadonlySet<number> = new Set();
  #lanes: EventLanes;
  #underWay = 0;
  #isTaking = false;
  /** Webhooks are looked up one event after the other, so that none overtakes another that has to be looked for. */
  #lookingUp: Promise<unknown> = Promise.resolve();

  constructor(options: WebhookWorkerOptions) {
    this.#options = options;
    this.#lanes = new EventLanes(options.deliverer, options.slots);
  }

  /** The partitions that this Brain owns from now on. */
  own(partitions: ReadonlySet<number>): void {
    this.#owned = partitions;
    for (const [key, taker] of this.#takers) {
      const partition = Number(key.split('/')[1]);
      if (partitions.has(partition)) continue;
      taker.stop();
      this.#options.shares.forget(partition);
      this.#takers.delete(key);
    }
    void this.tick();
  }

  /** Takes what it owns and does not have. Run every second. */
  async tick(): Promise<void> {
    if (this.#isTaking || !this.#options.isNeeded()) return;
    this.#isTaking = true;
    try {
      for (const partition of this.#owned) {
        await this.#take('events', partition, MAX_EVENTS_IN_HAND, (item) => this.#onEvent(item));
        await this.#take('retries', partition, MAX_RETRIES_IN_HAND, (item) => this.#onRetry(item, partition));
      }
    } catch (error) {
      // The next tick tries again.
      this.#options.onError(error);
    } finally {
      this.#isTaking = false;
    }
  }

  /** How many partitions it takes. */
  partitions(): number {
    return this.#owned.size;
  }

  /** How many events and deliveries it is about. */
  underWay(): number {
    return this.#underWay;
  }

  close(): void {
    this.own(new Set());
    this.#lanes.clear();
  }

  async #take(
    queue: 'events' | 'retries',
    partition: number,
    maxInHand: number,
    onItem: (item: WorkItem) => void,
  ): Promise<void> {
    const key = `${queue}/${partition}`;
    if (this.#takers.has(key) || !this.#owned.has(partition)) return;
    let isEnded = false;
    const onEnded = (): void => {
      isEnded = true;
      this.#takers.delete(key);
    };
    const taker = await this.#options[queue].take(partition, { maxInHand, onItem, onEnded });
    if (!this.#owned.has(partition)) taker.stop();
    else if (!isEnded) this.#takers.set(key, taker);
  }

  #onEvent(item: WorkItem): void {
    const event = readMessage(WebhookEventSchema, item.data);
    if (event === undefined) this.#drop(item);
    else void this.#end(item, () => this.#deliverEvent(item, event));
  }

  async #deliverEvent({ tenant, seq }: WorkItem, event: WebhookEvent): Promise<void> {
    const nowMs = BigInt(this.#options.clock.now());
    const about = { seq: BigInt(seq), attempts: 0, firstAtMs: nowMs, dueAtMs: nowMs };
    const looking = this.#lookingUp.then(async () => {
      const hooks = await Promise.all(event.webhookIds.map((id) => this.#options.hookOf(tenant, id)));
      return hooks.filter((hook): hook is WebhookRecord => hook?.status === 'active');
    });
    // Each is put into its lane in the turn in which it was found.
    const delivering = looking.then((hooks) =>
      hooks.map((hook) => {
        const delivery = create(WebhookDeliverySchema, { ...about, event, webhookId: hook.webhookId });
        return this.#lanes.deliver({ tenant, hook, delivery });
      }),
    );
    this.#lookingUp = delivering.catch(() => undefined);
    const outcomes = await Promise.allSettled(await delivering);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #onRetry(item: WorkItem, partition: number): void {
    const { clock, slots, shares, random } = this.#options;
    const delivery = readMessage(WebhookDeliverySchema, item.data);
    if (delivery === undefined) {
      this.#drop(item);
      return;
    }
    const owner = { tenant: item.tenant, webhookId: delivery.webhookId };
    shares.release(item.seq);
    const isDue = Number(delivery.dueAtMs) <= clock.now();
    if (isDue && slots.take(owner)) {
      void this.#end(item, () => this.#retry(item.tenant, delivery)).finally(() => slots.release(owner));
    } else if (shares.hold(owner, { seq: item.seq, partition, bytes: item.data.length })) {
      const busyMs = Math.max(BUSY_MS, shares.waiting(owner) * BUSY_MS_EACH) * (1 + random());
      item.nak(isDue ? busyMs : Number(delivery.dueAtMs) - clock.now());
    } else void this.#end(item, () => this.#refuse(item.tenant, delivery));
  }

  /** Its webhook, or its tenant, has as much waiting as it may. */
  async #refuse(tenant: TenantId, delivery: WebhookDelivery): Promise<void> {
    const hook = await this.#options.hookOf(tenant, delivery.webhookId);
    if (hook?.status === 'active') await this.#options.deliverer.refuse({ tenant, hook, delivery });
  }

  async #retry(tenant: TenantId, delivery: WebhookDelivery): Promise<void> {
    const hook = await this.#options.hookOf(tenant, delivery.webhookId);
    // What was taken away or switched off gets nothing more.
    if (hook?.status === 'active') await this.#options.deliverer.attempt({ tenant, hook, delivery });
  }

  async #end(item: WorkItem, work: () => Promise<void>): Promise<void> {
    this.#underWay += 1;
    try {
      if (!this.#options.mayJudge()) throw new Error('it is not known who may see what');
      await work();
      item.ack();
    } catch (error) {
      this.#options.onError(error);
      item.nak(AGAIN_MS);
    } finally {
      this.#underWay -= 1;
    }
  }

  #drop(item: WorkItem): void {
    this.#options.malformed();
    item.ack();
  }
}
