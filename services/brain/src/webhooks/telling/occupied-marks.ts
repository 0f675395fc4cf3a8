import { BusError, errorTable } from '@arqonbus/protocol';
import type { Clock, TenantId } from '@arqonbus/protocol';
import { webhookEventId } from '@arqonbus/runtime';
import type { WebhookEmitter, WebhookEventType } from '@arqonbus/runtime';
import { channelKey, parseChannelKey, roomPartition } from '@arqonbus/spine';
import type { ChannelAddress, KeyValue, KeyValueChange, KeyValueWatch } from '@arqonbus/spine';
import type { Occupancy } from './channel-telling.ts';

/** What marking channels needs. */
export interface OccupiedMarksOptions {
  /** `ARQON_OCCUPIED`, which Brains alone know. */
  readonly bucket: KeyValue;
  readonly emitter: Pick<WebhookEmitter, 'put' | 'isWanted'>;
  readonly tenantsWaitingFor: (types: readonly WebhookEventType[]) => readonly TenantId[];
  readonly clock: Clock;
  /** Never the same twice, in any Brain. */
  readonly nextId: () => string;
  readonly onError: (error: unknown) => void;
}

interface Mark {
  readonly address: ChannelAddress;
  /** Of the time in which the channel has members. */
  readonly id: string;
  readonly revision: number;
}

/** What is marked: the next owner has to know who was there, to tell that nobody is any more. */
const MARKED_FOR: readonly WebhookEventType[] = ['channel_vacated', 'presence'];
const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

/**
 * Tells that a channel lost its last member, also where its owner died over it: while it has members, a mark lies in a bucket,
 * and it is taken away once the event is in the queue. Its id is the event's, so two who tell are heard once (WHK-2). Only
 * channels that webhooks wait for are marked.
 */
export class OccupiedMarks {
  readonly #options: OccupiedMarksOptions;
  readonly #partitions = new Map<number, Map<string, Mark>>();
  readonly #tending = new Set<string>();
  readonly #watch: KeyValueWatch;

  constructor(options: OccupiedMarksOptions) {
    this.#options = options;
    this.#watch = options.bucket.watch('', (change) => this.#apply(change));
  }

  /** Resolves once all marks are known. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  stop(): void {
    this.#watch.stop();
  }

  /** Channels of a partition that have a mark. */
  marked(partition: number): readonly ChannelAddress[] {
    return Array.from(this.#partitions.get(partition)?.values() ?? [], ({ address }) => address);
  }

  /** Looks at all channels of a partition. */
  tendAll(partition: number, occupancy: Occupancy): void {
    for (const address of this.marked(partition)) if (!isOccupied(address, occupancy)) this.tend(address, occupancy);
    for (const tenant of this.#options.tenantsWaitingFor(MARKED_FOR)) {
      for (const address of occupancy.channelsOf(tenant)) this.tend(address, occupancy);
    }
  }

  /** Looks at one channel, and again until mark and members fit. */
  tend(address: ChannelAddress, occupancy: Occupancy): void {
    const key = keyOf(address);
    if (this.#tending.has(key) || this.#isTended(key, address, occupancy)) return;
    this.#tending.add(key);
    this.#settle(key, address, occupancy)
      .catch((error: unknown) => {
        // The next round tries again.
        if (!(error instanceof BusError) || !errorTable[error.code].isRetryable) this.#options.onError(error);
      })
      .finally(() => this.#tending.delete(key));
  }

  async #settle(key: string, address: ChannelAddress, occupancy: Occupancy): Promise<void> {
    while (!this.#isTended(key, address, occupancy)) {
      const mark = this.#find(key, address);
      await (mark === undefined ? this.#mark(key) : this.#vacate(key, mark));
    }
  }

  #isTended(key: string, address: ChannelAddress, occupancy: Occupancy): boolean {
    const isMarked = this.#find(key, address) !== undefined;
    if (!isOccupied(address, occupancy)) return !isMarked;
    return isMarked || !this.#isWanted(address);
  }

  #isWanted({ tenant, room, channel }: ChannelAddress): boolean {
    return MARKED_FOR.some((type) => this.#options.emitter.isWanted(tenant, type, room, channel));
  }

  #find(key: string, { tenant, room }: ChannelAddress): Mark | undefined {
    return this.#partitions.get(roomPartition(tenant, room))?.get(key);
  }

  async #mark(key: string): Promise<void> {
    const { bucket, nextId } = this.#options;
    const value = encoder.encode(nextId());
    try {
      this.#apply({ key, value, revision: await bucket.create(key, value) });
    } catch (error) {
      // Another owner, of a moment ago, was faster: its mark counts.
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
      const entry = await bucket.get(key);
      if (entry !== undefined) this.#apply(entry);
    }
  }

  async #vacate(key: string, { address, id, revision }: Mark): Promise<void> {
    const { bucket, emitter, clock } = this.#options;
    const { tenant, room, channel } = address;
    const data = encoder.encode(JSON.stringify({ room, channel }));
    const event = { type: 'channel_vacated', eventId: webhookEventId('vacated', id), room, channel } as const;
    if (!(await emitter.put(tenant, { ...event, atMs: clock.now(), data }))) throw new BusError('UNAVAILABLE');
    try {
      await bucket.delete(key, revision);
    } catch (error) {
      // Somebody else has told the same, and there may be a new mark already.
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
      const entry = await bucket.get(key);
      if (entry !== undefined) {
        this.#apply(entry);
        return;
      }
    }
    this.#apply({ key, value: undefined, revision });
  }

  /** What this process has done comes a second time by the watch: revisions tell what is old. */
  #apply({ key, value, revision }: KeyValueChange): void {
    const address = parseChannelKey(key);
    if (address === undefined) return;
    const partition = roomPartition(address.tenant, address.room);
    const marks = this.#partitions.get(partition) ?? new Map<string, Mark>();
    this.#partitions.set(partition, marks);
    const known = marks.get(key);
    if (known !== undefined && known.revision > revision) return;
    if (value === undefined) marks.delete(key);
    else marks.set(key, { address, id: decoder.decode(value), revision });
  }
}

function keyOf({ tenant, room, channel }: ChannelAddress): string {
  return channelKey(tenant, room, channel);
}

function isOccupied({ tenant, room, channel }: ChannelAddress, occupancy: Occupancy): boolean {
  return occupancy.clientsIn(tenant, room, channel).size > 0;
}
