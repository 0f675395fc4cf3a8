import { BusError, NO_BYTES } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelSummarySchema, RoomSummarySchema, create } from '@arqonbus/protocol/spine-messages';
import type {
  ChannelInfoRequest,
  ChannelInfoResult,
  ChannelRecord,
  ChannelSummary,
  ListChannelsRequest,
  ListRoomsRequest,
  RoomSummary,
} from '@arqonbus/protocol/spine-messages';
import { byPartition, callBrain, roomPartition } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import { pageOfMembers } from '../membership/member-page.ts';
import { MAX_PAGE, jsonBytes, takePage } from '../paging/page.ts';
import { parseChannel, parseRoom, parseTenant } from '../requests/parse-request.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import type { ChannelsParts } from './channels-parts.ts';

/** Names of the fields, figures, the time and the type of one entry in a JSON frame. */
const FIELDS_BYTES = 190;

/** Channels of a room by name; refuses with `ROOM_NOT_FOUND`. Settings are left to {@link channelInfo}. */
export function listChannels(
  { registry, state, pageBytes }: ChannelsParts,
  request: ListChannelsRequest,
): { readonly channels: ChannelSummary[]; readonly cursor: string } {
  const tenant = parseTenant(request.tenant);
  const room = parseRoom(request.room);
  const records = registry.channelsOf(tenant, room);
  if (records.length === 0 && registry.findRoom(tenant, room) === undefined) throw new BusError('ROOM_NOT_FOUND');
  const { items, cursor } = takePage(records, request, { keyOf: (record) => record.channel, sizeOf, pageBytes });
  const channels = items.map((record) => {
    const members = state.clientsIn(tenant, room, record.channel).size;
    return create(ChannelSummarySchema, { record: { ...record, settings: NO_BYTES }, members });
  });
  return { channels, cursor };
}

/** What listing rooms needs. */
export interface RoomListParts {
  readonly spine: Spine;
  readonly registry: ChannelRegistry;
  readonly pageBytes: number;
}

/**
 * Rooms of a tenant by name. `members` are clients in any channel of the room, each once; they are asked of the owners
 * of the rooms' partitions, in one request each.
 */
export async function listRooms(
  { spine, registry, pageBytes }: RoomListParts,
  request: ListRoomsRequest,
  deadlineMs: number,
): Promise<{ readonly rooms: RoomSummary[]; readonly cursor: string }> {
  const tenant = parseTenant(request.tenant);
  const keyOf = (room: string): string => room;
  const sizeOfRoom = (room: string): number => FIELDS_BYTES + room.length;
  const { items, cursor } = takePage(registry.roomsOf(tenant), request, { keyOf, sizeOf: sizeOfRoom, pageBytes });
  const members = await countMembers(spine, tenant, items, deadlineMs);
  const rooms = items.map((room) =>
    create(RoomSummarySchema, { room, channels: registry.countIn(tenant, room), members: members.get(room) ?? 0 }),
  );
  return { rooms, cursor };
}

async function countMembers(
  spine: Spine,
  tenant: TenantId,
  rooms: readonly string[],
  deadlineMs: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await Promise.all(
    [...byPartition(rooms, (room) => roomPartition(tenant, room))].map(async ([partition, names]) => {
      const request = { tenant, rooms: names, partition };
      const { members } = await callBrain(spine, 'membership.rooms', request, deadlineMs);
      for (const [index, room] of names.entries()) counts.set(room, members[index] ?? 0);
    }),
  );
  return counts;
}

/** One channel with its first members; refuses with `CHANNEL_NOT_FOUND`. */
export function channelInfo(
  { registry, state, pageBytes }: ChannelsParts,
  request: ChannelInfoRequest,
): Pick<ChannelInfoResult, 'record' | 'participants' | 'members'> {
  const tenant = parseTenant(request.tenant);
  const room = parseRoom(request.room);
  const channel = parseChannel(request.channel);
  const record = registry.find({ tenant, room, channel });
  if (record === undefined) throw new BusError('CHANNEL_NOT_FOUND');
  const restBytes = pageBytes - sizeOf(record) - record.settings.length;
  const first = { cursor: '', limit: MAX_PAGE };
  const { items, total } = pageOfMembers(state, { tenant, room, channel }, first, restBytes);
  return { record, participants: items, members: total };
}

function sizeOf({ channel, description, createdBy }: ChannelRecord): number {
  return FIELDS_BYTES + channel.length + jsonBytes(description) + jsonBytes(createdBy);
}
