import { BusError } from '@arqonbus/protocol';
import { ChannelRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import type {
  ChannelRecord,
  CreateChannelRequest,
  CreateChannelResult,
  DeleteChannelRequest,
} from '@arqonbus/protocol/spine-messages';
import { digestOf } from '../audit/audit-record.ts';
import {
  parseChannel,
  parseRequester,
  parseRoom,
  parseTenant,
  parseText,
  parseTraceId,
} from '../requests/parse-request.ts';
import type { ChannelsParts } from './channels-parts.ts';

const MAX_DESCRIPTION_LENGTH = 1_024;
const MAX_CREATOR_LENGTH = 255;
/** Settings are a JSON object that the bus only keeps. */
export const MAX_SETTINGS_BYTES = 65_536;

/** Makes a channel. Refuses with `CHANNEL_EXISTS` (unless `if_absent`: the channel that exists is then the result). */
export async function createChannel(
  { registry, clock }: ChannelsParts,
  request: CreateChannelRequest,
): Promise<Pick<CreateChannelResult, 'record'>> {
  const tenant = parseTenant(request.tenant);
  const { record, isOld } = await registry.create(tenant, parseRecord(request.record, clock.now()));
  if (isOld && !request.ifAbsent) throw new BusError('CHANNEL_EXISTS');
  return { record };
}

/**
 * Deletes a channel of the tenant's own. Refuses with `CHANNEL_NOT_FOUND`, `AUTHORIZATION_ERROR` for a bootstrap
 * channel (CFG-3), `CHANNEL_NOT_EMPTY` while somebody is in it.
 */
export async function deleteChannel(
  { registry, emptyChannels, audit }: ChannelsParts,
  request: DeleteChannelRequest,
): Promise<Record<string, never>> {
  const address = {
    tenant: parseTenant(request.tenant),
    room: parseRoom(request.room),
    channel: parseChannel(request.channel),
  };
  const known = registry.find(address);
  if (known?.hardcoded === true) {
    throw new BusError('AUTHORIZATION_ERROR', 'Bootstrap channels cannot be deleted.');
  }
  const action = {
    tenant: address.tenant,
    actor: parseRequester(request.requestedBy),
    action: 'delete_channel',
    target: `channel:${address.room}:${address.channel}`,
    traceId: parseTraceId(request.traceId),
    before: digestOf(known && toBinary(ChannelRecordSchema, known)),
  };
  await audit.run(action, async () => {
    if ((await emptyChannels.remove(address)) === undefined) throw new BusError('CHANNEL_NOT_FOUND');
  });
  return {};
}

/** Nobody but the configuration makes bootstrap channels, so `hardcoded` of a request counts for nothing. */
function parseRecord(record: ChannelRecord | undefined, nowMs: number): ChannelRecord {
  if (record === undefined) throw new BusError('VALIDATION_ERROR', 'The channel is missing.');
  if (record.settings.length > MAX_SETTINGS_BYTES) throw new BusError('VALIDATION_ERROR', 'The settings are too long.');
  return create(ChannelRecordSchema, {
    room: parseRoom(record.room),
    channel: parseChannel(record.channel),
    description: parseText(record.description, MAX_DESCRIPTION_LENGTH, 'description'),
    createdAtMs: record.createdAtMs > 0n ? record.createdAtMs : BigInt(nowMs),
    createdBy: parseText(record.createdBy, MAX_CREATOR_LENGTH, 'creator'),
    autoCreated: record.autoCreated,
    settings: record.settings,
  });
}
