import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { parseChannelKey } from '@arqonbus/spine';
import type { ChannelAddress, KeyValueChange } from '@arqonbus/spine';

/** A record and the revision that wrote it. */
export interface MirroredChannel {
  readonly record: ChannelRecord;
  readonly revision: number;
}

/** The channels of one tenant, by room. */
export type TenantChannels = ReadonlyMap<string, ReadonlyMap<string, MirroredChannel>>;

/** Is told of channels that come and go. */
export interface MirrorListener {
  onAdded(address: ChannelAddress, record: ChannelRecord, revision: number): void;
  /** `revision` is that of the record that is gone. */
  onRemoved(address: ChannelAddress, revision: number): void;
}

interface Tenant {
  readonly rooms: Map<string, Map<string, MirroredChannel>>;
  channels: number;
}

/**
 * The bucket `ARQON_CHANNELS` in memory, so that lists and counts cost no request. Changes of this process are applied
 * at once, and come a second time through the watch: revisions tell what is old.
 */
export class ChannelMirror {
  readonly #tenants = new Map<TenantId, Tenant>();
  readonly #listener: MirrorListener;
  /** Revisions that this process deleted and the watch has not told of yet. */
  readonly #deleted = new Map<string, number>();
  /** The newest revision that the watch has told of; it tells in order. */
  #told = 0;
  #malformed = 0;

  constructor(listener: MirrorListener) {
    this.#listener = listener;
  }

  /** Takes in what the watch tells. */
  applyTold(change: KeyValueChange): void {
    this.#told = Math.max(this.#told, change.revision);
    this.apply(change);
  }

  /** Takes in what this process has written or read. */
  apply({ key, value, revision }: KeyValueChange): void {
    const address = parseChannelKey(key);
    if (address === undefined) {
      this.#malformed++;
      return;
    }
    const deleted = this.#deleted.get(key) ?? 0;
    if (revision <= deleted) return;
    this.#deleted.delete(key);
    if (value !== undefined) this.#set(address, value, revision);
    else if ((this.find(address)?.revision ?? 0) < revision) this.#remove(address);
  }

  /** Takes in that this process has deleted the key at this revision. */
  applyDeletion(key: string, address: ChannelAddress, revision: number): void {
    if (this.#told < revision) this.#deleted.set(key, revision);
    if ((this.find(address)?.revision ?? 0) <= revision) this.#remove(address);
  }

  find({ tenant, room, channel }: ChannelAddress): MirroredChannel | undefined {
    return this.#tenants.get(tenant)?.rooms.get(room)?.get(channel);
  }

  roomsOf(tenant: TenantId): TenantChannels {
    return this.#tenants.get(tenant)?.rooms ?? NO_ROOMS;
  }

  /** All channels of the rooms that fit. */
  channelsWhere(
    fits: (tenant: TenantId, room: string) => boolean,
  ): readonly { readonly address: ChannelAddress; readonly record: ChannelRecord }[] {
    const found: { readonly address: ChannelAddress; readonly record: ChannelRecord }[] = [];
    for (const [tenant, { rooms }] of this.#tenants) {
      for (const [room, channels] of rooms) {
        if (!fits(tenant, room)) continue;
        for (const [channel, { record }] of channels) found.push({ address: { tenant, room, channel }, record });
      }
    }
    return found;
  }

  countOf(tenant: TenantId): number {
    return this.#tenants.get(tenant)?.channels ?? 0;
  }

  /** Channels of all tenants. */
  size(): number {
    let size = 0;
    for (const { channels } of this.#tenants.values()) size += channels;
    return size;
  }

  /** Entries of the bucket that could not be read (SPN-3). */
  malformedEntries(): number {
    return this.#malformed;
  }

  #set(address: ChannelAddress, value: Uint8Array, revision: number): void {
    const known = this.find(address);
    if (known !== undefined && known.revision >= revision) return;
    const record = this.#decode(value);
    if (record === undefined) return;
    const tenant = this.#tenants.get(address.tenant) ?? { rooms: new Map(), channels: 0 };
    const room = tenant.rooms.get(address.room) ?? new Map<string, MirroredChannel>();
    this.#tenants.set(address.tenant, tenant);
    tenant.rooms.set(address.room, room);
    room.set(address.channel, { record, revision });
    if (known !== undefined) return;
    tenant.channels++;
    this.#listener.onAdded(address, record, revision);
  }

  #remove(address: ChannelAddress): void {
    const tenant = this.#tenants.get(address.tenant);
    const room = tenant?.rooms.get(address.room);
    const gone = room?.get(address.channel);
    if (tenant === undefined || room === undefined || gone === undefined) return;
    room.delete(address.channel);
    tenant.channels--;
    if (room.size === 0) tenant.rooms.delete(address.room);
    if (tenant.channels === 0) this.#tenants.delete(address.tenant);
    this.#listener.onRemoved(address, gone.revision);
  }

  #decode(value: Uint8Array): ChannelRecord | undefined {
    const record = readMessage(ChannelRecordSchema, value);
    if (record === undefined) this.#malformed++;
    return record;
  }
}

const NO_ROOMS: TenantChannels = new Map();
