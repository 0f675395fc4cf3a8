import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ChannelRecord } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import { pageOfMembers } from '../membership/member-page.ts';
import type { MembershipState } from '../membership/membership-state.ts';
import { jsonBytes, takePage } from '../paging/page.ts';
import { parseChannel, parseRoom, parseTenant, parseText } from '../requests/parse-request.ts';
import type { ChannelRegistry } from './channel-registry.ts';

/** What the channels module answers from. */
export interface ChannelsParts {
  readonly registry: ChannelRegistry;
  readonly members: MembershipState;
  readonly pageBytes: number;
}

const MAX_DESCRIPTION = 1_024;
const ENTRY_BYTES = 160;

/** Serves `channels.create`, `delete`, `list`, `rooms` and `info`. */
export function serveChannels(spine: Spine, parts: ChannelsParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { registry, members, pageBytes } = parts;
  return [
    serveBrain(spine, 'channels.create', async ({ tenant, record, ifAbsent }) => {
      const created = await registry.create(parseTenant(tenant), parseRecord(record), ifAbsent);
      return { record: created };
    }, observer),
    serveBrain(spine, 'channels.delete', async ({ tenant, room, channel }) => {
      await registry.delete(parseTenant(tenant), parseRoom(room), parseChannel(channel));
      return {};
    }, observer),
    serveBrain(spine, 'channels.list', (request) => {
      const tenant = parseTenant(request.tenant);
      const room = parseRoom(request.room);
      const records = registry.list(tenant).filter((record) => record.room === room);
      if (records.length === 0) throw new BusError('ROOM_NOT_FOUND');
      const { items, cursor } = takePage(records, request, { keyOf: channelOf, sizeOf, pageBytes });
      const channels = items.map((record) => ({ record, members: members.clientsIn(tenant, room, record.channel).size }));
      return { channels, cursor };
    }, observer),
    serveBrain(spine, 'channels.rooms', (request) => {
      const tenant = parseTenant(request.tenant);
      const rooms = roomsOf(registry.list(tenant));
      const { items, cursor } = takePage(rooms, request, { keyOf: ({ room }) => room, sizeOf: () => ENTRY_BYTES, pageBytes });
      return { rooms: items.map((room) => ({ ...room, members: members.clientsIn(tenant, room.room, '*').size })), cursor };
    }, observer),
    serveBrain(spine, 'channels.info', (request) => {
      const tenant = parseTenant(request.tenant);
      const { room, channel } = { room: parseRoom(request.room), channel: parseChannel(request.channel) };
      const record = registry.find(tenant, room, channel);
      if (record === undefined) throw new BusError('CHANNEL_NOT_FOUND');
      const clients = members.clientsIn(tenant, room, channel);
      const { items } = pageOfMembers(clients.keys(), { cursor: '', limit: 0 }, pageBytes);
      return { record, participants: items, members: clients.size };
    }, observer),
  ];
}

/** Rooms and channels of a tenant, for its figures. */
export function countChannels(registry: ChannelRegistry, tenant: TenantId): { readonly rooms: number; readonly channels: number } {
  const records = registry.list(tenant);
  return { rooms: roomsOf(records).length, channels: records.length };
}

function parseRecord(record: ChannelRecord | undefined): ChannelRecord {
  if (record === undefined) throw new BusError('VALIDATION_ERROR', 'The record is missing.');
  const { createdAtMs, createdBy, autoCreated, settings } = record;
  return create(ChannelRecordSchema, {
    room: parseRoom(record.room),
    channel: parseChannel(record.channel),
    description: parseText(record.description, MAX_DESCRIPTION, 'description'),
    createdAtMs,
    createdBy,
    autoCreated,
    settings,
  });
}

function channelOf({ channel }: ChannelRecord): string {
  return channel;
}

function sizeOf({ channel, description, createdBy }: ChannelRecord): number {
  return ENTRY_BYTES + channel.length + jsonBytes(description) + jsonBytes(createdBy);
}

interface RoomCount {
  readonly room: string;
  channels: number;
}

/** Records come sorted by room, so the rooms do too. */
function roomsOf(records: readonly ChannelRecord[]): RoomCount[] {
  const rooms = new Map<string, RoomCount>();
  for (const { room } of records) {
    const known = rooms.get(room);
    if (known === undefined) rooms.set(room, { room, channels: 1 });
    else known.channels += 1;
  }
  return [...rooms.values()];
}
