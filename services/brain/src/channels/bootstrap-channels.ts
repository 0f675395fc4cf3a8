import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { ChannelRecordSchema, create } from '@arqonbus/protocol/spine-messages';

/** Rooms that every tenant has, by name, with their channels (CFG-3). */
export type BootstrapRooms = Readonly<Record<string, readonly string[]>>;

/** The channels that exist in every tenant without a record (PRT-26): tenants come with a token, so nothing could create them beforehand. */
export interface BootstrapChannels {
  get(room: string, channel: string): ChannelRecord | undefined;
  readonly all: readonly ChannelRecord[];
}

/** Bootstrap channels; their time of creation is the epoch's, the same on every replica. */
export function createBootstrapChannels(rooms: BootstrapRooms): BootstrapChannels {
  const all = Object.entries(rooms).flatMap(([room, channels]) =>
    channels.map((channel) => create(ChannelRecordSchema, { room, channel, hardcoded: true })),
  );
  const byName = new Map(all.map((record) => [`${record.room}:${record.channel}`, record]));
  return { all, get: (room, channel) => byName.get(`${room}:${channel}`) };
}
