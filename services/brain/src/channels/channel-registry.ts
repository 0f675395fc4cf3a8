import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { channelKey, roomKey, roomPartition } from '@arqonbus/spine';
import type { ChannelAddress, KeyValue, KeyValueWatch } from '@arqonbus/spine';
import type { BootstrapRecords } from './bootstrap-rooms.ts';
import { ChannelMirror } from './channel-mirror.ts';
import type { MirrorListener } from './channel-mirror.ts';

/** What the registry is made of. */
export interface ChannelRegistryOptions {
  /** The bucket `ARQON_CHANNELS`. */
  readonly bucket: KeyValue;
  readonly bootstrap: BootstrapRecords;
  /** Channels of a tenant beside the bootstrap ones. Replicas count apart: a race between two may pass it by a few. */
  readonly maxPerTenant: () => number;
  readonly listener: MirrorListener;
}

/** What became of an attempt to make a channel. */
export interface Created {
  readonly record: ChannelRecord;
  /** It was there before. */
  readonly isOld: boolean;
}

/**
 * The channels that exist: each tenant's own in the key-value bucket, changed by compare-and-set alone (PRS-5), and
 * the bootstrap channels laid over them.
 */
export class ChannelRegistry {
  readonly #bucket: KeyValue;
  readonly #bootstrap: BootstrapRecords;
  readonly #maxPerTenant: () => number;
  readonly #mirror: ChannelMirror;
  /** Creations on their way, which count towards the quota. */
  readonly #creating = new Map<TenantId, number>();
  #watch: KeyValueWatch | undefined;

  constructor(options: ChannelRegistryOptions) {
    this.#bucket = options.bucket;
    this.#bootstrap = options.bootstrap;
    this.#maxPerTenant = options.maxPerTenant;
    this.#mirror = new ChannelMirror(options.listener);
  }

  /** Resolves once every channel that exists is known. */
  async open(): Promise<void> {
    this.#watch = this.#bucket.watch('', (change) => this.#mirror.applyTold(change));
    await this.#watch.ready;
  }

  /** True while what is known is what is stored. */
  isCurrent(): boolean {
    return this.#watch?.isCurrent() ?? false;
  }

  close(): void {
    this.#watch?.stop();
  }

  find(address: ChannelAddress): ChannelRecord | undefined {
    return this.#bootstrapRecord(address) ?? this.#mirror.find(address)?.record;
  }

  /** Makes a channel unless it is there. Throws `QUOTA_EXCEEDED`. */
  async create(tenant: TenantId, record: ChannelRecord): Promise<Created> {
    const address = { tenant, room: record.room, channel: record.channel };
    const known = this.find(address);
    if (known !== undefined) return { record: known, isOld: true };
    const creating = this.#creating.get(tenant) ?? 0;
    if (this.#mirror.countOf(tenant) + creating >= this.#maxPerTenant()) {
      throw new BusError('QUOTA_EXCEEDED', 'The tenant has as many channels as it may.');
    }
    this.#creating.set(tenant, creating + 1);
    try {
      return await this.restore(address, record);
    } finally {
      this.#finishCreating(tenant);
    }
  }

  /** As {@link create}, whatever the quota says: for a channel that has members already. */
  async restore(address: ChannelAddress, record: ChannelRecord): Promise<Created> {
    const { tenant, room, channel } = address;
    const key = recordKey({ tenant, room, channel });
    const value = toBinary(ChannelRecordSchema, record);
    try {
      const revision = await this.#bucket.create(key, value);
      this.#mirror.apply({ key, value, revision });
      return { record, isOld: false };
    } catch (error) {
      if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
    }
    const entry = await this.#bucket.get(key);
    if (entry === undefined) throw new BusError('CONFLICT', 'The channel was deleted at the same time.');
    this.#mirror.apply(entry);
    return { record: fromBinary(ChannelRecordSchema, entry.value), isOld: true };
  }

  /** The tenant's own record of a room; undefined where nobody has made one. */
  findRoom(tenant: TenantId, room: string): ChannelRecord | undefined {
    return this.#mirror.find({ tenant, room, channel: '*' })?.record;
  }

  /** Whether the configuration makes the room (CFG-3). */
  isBootstrap(room: string): boolean {
    return this.#bootstrap.has(room);
  }

  /** Writes another record in place of the one that is there. Throws `CONFLICT` when that has just changed or gone. */
  async replace(tenant: TenantId, record: ChannelRecord): Promise<void> {
    const { room, channel } = record;
    const key = recordKey({ tenant, room, channel });
    const known = this.#mirror.find({ tenant, room, channel });
    if (known === undefined) throw new BusError('CONFLICT');
    const value = toBinary(ChannelRecordSchema, record);
    const revision = await this.#bucket.update(key, value, known.revision);
    this.#mirror.apply({ key, value, revision });
  }

  /** Removes a channel of the tenant's own; undefined when there is none. Throws `CONFLICT` when it has just changed. */
  async remove(address: ChannelAddress): Promise<ChannelRecord | undefined> {
    const { tenant, room, channel } = address;
    const key = recordKey({ tenant, room, channel });
    const entry = await this.#bucket.get(key);
    if (entry === undefined) return undefined;
    await this.#bucket.delete(key, entry.revision);
    this.#mirror.applyDeletion(key, address, entry.revision);
    return fromBinary(ChannelRecordSchema, entry.value);
  }

  /** Names of the tenant's rooms, in order. */
  roomsOf(tenant: TenantId): string[] {
    return [...new Set([...this.#bootstrap.keys(), ...this.#mirror.roomsOf(tenant).keys()])].toSorted();
  }

  /** Channels of a room by name; empty when there is no such room. */
  channelsOf(tenant: TenantId, room: string): ChannelRecord[] {
    const shipped = this.#bootstrap.get(room);
    const own = [...(this.#mirror.roomsOf(tenant).get(room)?.values() ?? [])]
      .map(({ record }) => record)
      .filter(({ channel }) => channel !== '*');
    const records = [...(shipped?.values() ?? []), ...own.filter(({ channel }) => shipped?.has(channel) !== true)];
    return records.toSorted((a, b) => (a.channel < b.channel ? -1 : 1));
  }

  /** How many channels a room has. */
  countIn(tenant: TenantId, room: string): number {
    const shipped = this.#bootstrap.get(room);
    const own = this.#mirror.roomsOf(tenant).get(room);
    // Its own record is no channel.
    let hidden = own?.has('*') === true ? 1 : 0;
    for (const channel of shipped?.keys() ?? []) hidden += own?.has(channel) === true ? 1 : 0;
    return (shipped?.size ?? 0) + (own?.size ?? 0) - hidden;
  }

  /** Figures of a tenant for `status`. */
  countOf(tenant: TenantId): { readonly rooms: number; readonly channels: number } {
    const rooms = this.roomsOf(tenant);
    return { rooms: rooms.length, channels: rooms.reduce((sum, room) => sum + this.countIn(tenant, room), 0) };
  }

  /** The tenants' own channels of one partition. */
  channelsOfPartition(
    partition: number,
  ): Iterable<{ readonly address: ChannelAddress; readonly record: ChannelRecord }> {
    return this.#mirror.channelsWhere((tenant, room) => roomPartition(tenant, room) === partition);
  }

  /** Channels that all tenants have made. */
  size(): number {
    return this.#mirror.size();
  }

  /** Entries of the bucket that could not be read. */
  malformedEntries(): number {
    return this.#mirror.malformedEntries();
  }

  #bootstrapRecord({ room, channel }: ChannelAddress): ChannelRecord | undefined {
    return this.#bootstrap.get(room)?.get(channel);
  }

  #finishCreating(tenant: TenantId): void {
    const left = (this.#creating.get(tenant) ?? 1) - 1;
    if (left === 0) this.#creating.delete(tenant);
    else this.#creating.set(tenant, left);
  }
}

function recordKey({ tenant, room, channel }: ChannelAddress): string {
  return channel === '*' ? roomKey(tenant, room) : channelKey(tenant, room, channel);
}
