import { isName } from '@arqonbus/protocol';
import { ChannelRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';

/** A room that every tenant has, from the configuration (`bootstrap.rooms`, CFG-3). */
export interface BootstrapRoom {
  readonly room: string;
  readonly channels: readonly string[];
}

/** The records of bootstrap channels, by room and channel. */
export type BootstrapRecords = ReadonlyMap<string, ReadonlyMap<string, ChannelRecord>>;

/**
 * Makes the records of the bootstrap channels. They are virtual: "in every tenant" (PRT-26) includes tenants that
 * nobody has heard of yet, and a change of configuration must show at once, so nothing is written per tenant; the same
 * records are laid over each tenant's own. Their time of creation is that of the epoch, the same on every replica.
 * Throws for a malformed name.
 */
export function createBootstrapRecords(rooms: readonly BootstrapRoom[]): BootstrapRecords {
  const records = new Map<string, Map<string, ChannelRecord>>();
  for (const { room, channels } of rooms) {
    const ofRoom = records.get(room) ?? new Map<string, ChannelRecord>();
    records.set(room, ofRoom);
    for (const channel of channels) {
      if (!isName(room) || !isName(channel)) throw new Error(`malformed bootstrap channel ${room}:${channel}`);
      ofRoom.set(channel, create(ChannelRecordSchema, { room, channel, hardcoded: true }));
    }
  }
  return records;
}
