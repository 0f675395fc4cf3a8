import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type {
  ChannelRecord,
  DeleteRoomRequest,
  DeleteRoomResult,
  RoomRequest,
  RoomResult,
} from '@arqonbus/protocol/spine-messages';
import type { GovernanceAction } from '../audit/audit.ts';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseRoom, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { MAX_SETTINGS_BYTES } from './channel-changes.ts';
import type { ChannelsParts } from './channels-parts.ts';

type Settings = Pick<RoomResult, 'settings'>;

interface RoomAddress {
  readonly tenant: TenantId;
  readonly room: string;
}

/** Makes a room that is there without channels, too (PRM-4). Refuses with `CONFLICT` where there is one, made or not. */
export async function createRoomRecord(
  { registry, clock, audit }: ChannelsParts,
  request: RoomRequest,
): Promise<Settings> {
  const address = addressOf(request);
  const { tenant, room } = address;
  const record = roomRecord(room, settingsOf(request), BigInt(clock.now()), request.requestedBy);
  if (registry.roomsOf(tenant).includes(room)) throw exists();
  await audit.run(
    actionOf('op.room.create', address, request, undefined),
    async () => {
      if ((await registry.create(tenant, record)).isOld) throw exists();
    },
    () => ({ after: digestOfRoom(record) }),
  );
  return { settings: record.settings };
}

/**
 * Replaces the settings of a room, or tells them where there are none in the request. A room that came with its channels gets
 * a record by that. Refuses with `ROOM_NOT_FOUND`, and a change of a bootstrap room with `AUTHORIZATION_ERROR` (CFG-3).
 */
export async function roomSettings({ registry, clock, audit }: ChannelsParts, request: RoomRequest): Promise<Settings> {
  const address = addressOf(request);
  const { tenant, room } = address;
  const known = registry.findRoom(tenant, room);
  if (known === undefined && registry.channelsOf(tenant, room).length === 0) throw new BusError('ROOM_NOT_FOUND');
  if (request.settings === undefined) return { settings: known?.settings ?? new Uint8Array(0) };
  if (registry.isBootstrap(room)) throw new BusError('AUTHORIZATION_ERROR', 'Bootstrap rooms cannot be changed.');
  const fresh = roomRecord(room, settingsOf(request), BigInt(clock.now()), request.requestedBy);
  const record = known === undefined ? fresh : { ...known, settings: fresh.settings };
  await audit.run(
    actionOf('op.room.settings', address, request, known),
    async () => {
      if (known !== undefined) await registry.replace(tenant, record);
      else if ((await registry.create(tenant, record)).isOld)
        throw new BusError('CONFLICT', 'The room has just been made.');
    },
    () => ({ after: digestOfRoom(record) }),
  );
  return { settings: record.settings };
}

/**
 * Deletes a room with all of its channels. Refuses with `ROOM_NOT_FOUND`, `AUTHORIZATION_ERROR` for a bootstrap room (CFG-3),
 * and `CHANNEL_NOT_EMPTY` while somebody is in any of them; who comes in the middle keeps what is left.
 */
export async function deleteRoom(
  { registry, emptyChannels, state, audit }: ChannelsParts,
  request: DeleteRoomRequest,
): Promise<Pick<DeleteRoomResult, 'channels'>> {
  const address = addressOf(request);
  const { tenant, room } = address;
  if (registry.isBootstrap(room)) throw new BusError('AUTHORIZATION_ERROR', 'Bootstrap rooms cannot be deleted.');
  const channels = registry.channelsOf(tenant, room).map(({ channel }) => channel);
  const known = registry.findRoom(tenant, room);
  if (known === undefined && channels.length === 0) throw new BusError('ROOM_NOT_FOUND');
  await audit.run(
    { ...actionOf('op.room.delete', address, request, known), details: { channels: `${channels.length}` } },
    async () => {
      const isTaken = [...channels, '*'].some((channel) => state.clientsIn(tenant, room, channel).size > 0);
      if (isTaken) throw new BusError('CHANNEL_NOT_EMPTY');
      for (const channel of channels) await emptyChannels.remove({ tenant, room, channel });
      if (known !== undefined) await registry.remove({ tenant, room, channel: '*' });
    },
  );
  return { channels: channels.length };
}

function addressOf({ tenant, room }: Pick<RoomRequest, 'tenant' | 'room'>): RoomAddress {
  return { tenant: parseTenant(tenant), room: parseRoom(room) };
}

function settingsOf({ settings = new Uint8Array(0) }: RoomRequest): Uint8Array {
  if (settings.length > MAX_SETTINGS_BYTES) throw new BusError('VALIDATION_ERROR', 'The settings are too long.');
  return settings;
}

function roomRecord(room: string, settings: Uint8Array, createdAtMs: bigint, createdBy: string): ChannelRecord {
  return create(ChannelRecordSchema, { room, channel: '*', createdAtMs, createdBy, settings });
}

function exists(): BusError {
  return new BusError('CONFLICT', 'There is a room of this name.');
}

function actionOf(
  action: string,
  { tenant, room }: RoomAddress,
  { requestedBy, traceId }: Pick<RoomRequest, 'requestedBy' | 'traceId'>,
  known: ChannelRecord | undefined,
): GovernanceAction {
  const before = known === undefined ? '' : digestOfRoom(known);
  return {
    tenant,
    actor: parseRequester(requestedBy),
    action,
    target: `room:${room}`,
    traceId: parseTraceId(traceId),
    before,
  };
}

function digestOfRoom(record: ChannelRecord): string {
  return digestOf(toBinary(ChannelRecordSchema, record));
}
