import type { Clock, TenantId } from '@arqonbus/protocol';
import { webhookEventId } from '@arqonbus/runtime';
import type { EmittedEvent, WebhookEmitter } from '@arqonbus/runtime';
import { roomPartition } from '@arqonbus/spine';
import type { ChannelAddress } from '@arqonbus/spine';

/** What becoming known of channels means for webhooks. */
export interface LifecycleOptions {
  readonly emitter: Pick<WebhookEmitter, 'emit' | 'isWanted'>;
  readonly clock: Clock;
  readonly owns: (partition: number) => boolean;
}

/** Whoever takes a partition over tells again what happened in it so lately: longer than the lease of the owner before. */
const REPEATED_MS = 30_000;
const MAX_RECENT = 10_000;

interface Recent {
  readonly tenant: TenantId;
  readonly partition: number;
  readonly atMs: number;
  readonly event: EmittedEvent;
}

/**
 * Tells of channels that were made and deleted. Every Brain hears of them by the bucket; the owner of the room tells, and the
 * next owner once more what is so young that the one before may have died over it. The queue knows the ids (WHK-2).
 */
export class LifecycleEvents {
  readonly #options: LifecycleOptions;
  #recent: Recent[] = [];

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Something happened to a channel; `revision` names the record that it happened to. */
  happened(
    type: 'channel_created' | 'channel_deleted',
    { tenant, room, channel }: ChannelAddress,
    revision: number,
    about: object,
  ): void {
    const { emitter, clock, owns } = this.#options;
    if (channel === '*' || !emitter.isWanted(tenant, type, room, channel)) return;
    const eventId = webhookEventId(type, room, channel, String(revision));
    const data = new TextEncoder().encode(JSON.stringify({ room, channel, ...about }));
    const event = { type, eventId, room, channel, atMs: clock.now(), data };
    const partition = roomPartition(tenant, room);
    this.#recent.push({ tenant, partition, atMs: clock.monotonicMs(), event });
    this.#forget();
    if (owns(partition)) emitter.emit(tenant, event);
  }

  /** These partitions are this Brain's from now on. */
  takeOver(partitions: readonly number[]): void {
    this.#forget();
    for (const { tenant, partition, event } of this.#recent) {
      if (partitions.includes(partition)) this.#options.emitter.emit(tenant, event);
    }
  }

  #forget(): void {
    const endMs = this.#options.clock.monotonicMs() - REPEATED_MS;
    const keep = this.#recent.findIndex(({ atMs }) => atMs > endMs);
    const first = keep === -1 ? this.#recent.length : keep;
    const surplus = this.#recent.length - MAX_RECENT;
    if (Math.max(first, surplus) > 0) this.#recent = this.#recent.slice(Math.max(first, surplus));
  }
}
