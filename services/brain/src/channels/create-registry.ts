import type { KeyValueStore, ChannelAddress } from '@arqonbus/spine';
import type { Limits } from '@arqonbus/protocol';
import type { ChannelTelling } from '../webhooks/telling/channel-telling.ts';
import { createBootstrapRecords } from './bootstrap-rooms.ts';
import type { BootstrapRoom } from './bootstrap-rooms.ts';
import { ChannelRegistry } from './channel-registry.ts';
import type { EmptyChannels } from './empty-channels.ts';

/** What the registry of a Brain is made of, and who hears of channels. */
export interface CreateRegistryOptions {
  readonly keyValue: KeyValueStore;
  readonly bootstrapRooms: readonly BootstrapRoom[];
  readonly limits: Pick<Limits, 'channelsPerTenant'>;
  readonly telling: ChannelTelling;
}

/** The registry, whose changes webhooks hear of, and partitions, where they are served here; it is to be opened. */
export function createRegistry(
  { keyValue, bootstrapRooms, limits, telling }: CreateRegistryOptions,
  emptyChannelsOf: (address: ChannelAddress) => EmptyChannels | undefined,
): ChannelRegistry {
  return new ChannelRegistry({
    bucket: keyValue.bucket('ARQON_CHANNELS'),
    bootstrap: createBootstrapRecords(bootstrapRooms),
    maxPerTenant: () => limits.channelsPerTenant,
    listener: {
      onAdded: (address, record, revision) => {
        emptyChannelsOf(address)?.onAdded(address, record);
        telling.onCreated(address, record, revision);
      },
      onRemoved: (address, revision) => {
        emptyChannelsOf(address)?.onRemoved(address);
        telling.onDeleted(address, revision);
      },
    },
  });
}
