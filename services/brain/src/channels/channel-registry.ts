import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, toBinary } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { channelKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { MembershipState } from '../membership/membership-state.ts';
import type { BootstrapChannels } from './bootstrap-channels.ts';
import type { ChannelIndex } from './channel-index.ts';

/** The channels that exist: records in the bucket, changed by compare-and-set (PRS-5), and the bootstrap ones. */
export interface ChannelRegistry {
  find(tenant: TenantId, room: string, channel: string): ChannelRecord | undefined;
  /** By room, then channel. */
  list(tenant: TenantId): readonly ChannelRecord[];
  /** Throws `CHANNEL_EXISTS`, or gives the existing one where `ifAbsent`; `QUOTA_EXCEEDED` over the tenant's number. */
  create(tenant: TenantId, record: ChannelRecord, ifAbsent: boolean): Promise<ChannelRecord>;
  /** Throws `CHANNEL_NOT_FOUND`, `CHANNEL_NOT_EMPTY`, or `AUTHORIZATION_ERROR` for a bootstrap channel. */
  delete(tenant: TenantId, room: string, channel: string): Promise<void>;
}

/** What the registry needs from around it. */
export interface ChannelRegistryOptions {
  readonly bucket: KeyValue;
  readonly index: ChannelIndex;
  readonly bootstrap: BootstrapChannels;
  readonly members: MembershipState;
  readonly channelsPerTenant: number;
}

/**
 * A registry over this bucket.
 *
 * A join and a delete may cross: the join finds the record, the delete finds no member yet. The channel then has a
 * member and no record, which harms nothing: it works, is not listed, and the next join makes the record again.
 */
export function createChannelRegistry(options: ChannelRegistryOptions): ChannelRegistry {
  const { bucket, index, bootstrap, members } = options;
  const find = (tenant: TenantId, room: string, channel: string): ChannelRecord | undefined =>
    bootstrap.get(room, channel) ?? index.get(channelKey(tenant, room, channel))?.record;
  return {
    find,
    list: (tenant) => {
      const stored = index.ofTenant(tenant).map(({ record }) => record);
      return [...bootstrap.all, ...stored].toSorted(compareRecords);
    },
    create: async (tenant, record, ifAbsent) => {
      const known = find(tenant, record.room, record.channel);
      if (known !== undefined) return existing(known, ifAbsent);
      if (index.countOf(tenant) >= options.channelsPerTenant) {
        throw new BusError('QUOTA_EXCEEDED', 'The tenant has as many channels as it may.');
      }
      const key = channelKey(tenant, record.room, record.channel);
      const revision = await createOrFind(bucket, key, record);
      await index.until(() => index.get(key) !== undefined);
      const stored = index.get(key)?.record ?? record;
      return revision === undefined ? existing(stored, ifAbsent) : stored;
    },
    delete: async (tenant, room, channel) => {
      if (bootstrap.get(room, channel) !== undefined) {
        throw new BusError('AUTHORIZATION_ERROR', 'This channel is part of the configuration.');
      }
      const key = channelKey(tenant, room, channel);
      const stored = index.get(key);
      if (stored === undefined) throw new BusError('CHANNEL_NOT_FOUND');
      if (members.clientsIn(tenant, room, channel).size > 0) throw new BusError('CHANNEL_NOT_EMPTY');
      await bucket.delete(key, stored.revision);
      await index.until(() => index.get(key)?.revision !== stored.revision);
    },
  };
}

/** Undefined = somebody was faster. */
async function createOrFind(bucket: KeyValue, key: string, record: ChannelRecord): Promise<number | undefined> {
  try {
    return await bucket.create(key, toBinary(ChannelRecordSchema, record));
  } catch (error) {
    if (error instanceof BusError && error.code === 'CONFLICT') return undefined;
    throw error;
  }
}

function existing(record: ChannelRecord, ifAbsent: boolean): ChannelRecord {
  if (!ifAbsent) throw new BusError('CHANNEL_EXISTS');
  return record;
}

function compareRecords(a: ChannelRecord, b: ChannelRecord): number {
  if (a.room !== b.room) return a.room < b.room ? -1 : 1;
  return a.channel < b.channel ? -1 : 1;
}
