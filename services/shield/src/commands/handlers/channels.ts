import { formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { ChannelRecord, ChannelSummary } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { jsonBytes } from '../../delivery/frames.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveRealChannel, resolveRoom } from '../command-target.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';
import { requesterOf } from '../requester-of.ts';
import { untilDeadline } from '../until-deadline.ts';

type ChannelEntry = CommandResult<'list_channels'>['channels'][number];

const DEFAULT_PAGE = 100;

/** Makes a channel that stays. */
export async function createChannel(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'create_channel'>,
  { spine, clock, activity }: CommandParts,
): Promise<CommandOutcome<CommandResult<'create_channel'>>> {
  const { tenant, room, channel } = resolveRealChannel(session, envelope, args);
  requireRight(session, 'manage', room, channel);
  const record = {
    room,
    channel,
    description: args.description ?? '',
    createdAtMs: BigInt(clock.now()),
    createdBy: session.user,
    settings: args.settings === undefined ? new Uint8Array(0) : jsonBytes(args.settings),
  };
  await callBrain(spine, 'channels.create', { tenant, record }, deadlineMs);
  activity.channelCreated(session, { room, channel });
  return { result: { room, channel, created_at: formatTime(Number(record.createdAtMs)), created_by: session.user } };
}

/** Deletes an empty channel. */
export async function deleteChannel(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'delete_channel'>,
  { spine, membership, activity }: CommandParts,
): Promise<CommandOutcome<CommandResult<'delete_channel'>>> {
  const { tenant, room, channel } = resolveRealChannel(session, envelope, args);
  requireRight(session, 'manage', room, channel);
  // What this Shield's own members did just now must be known before anybody judges emptiness.
  await untilDeadline(membership.told(tenant, room), deadlineMs);
  const request = { tenant, room, channel, ...requesterOf(session, envelope) };
  await callBrain(spine, 'channels.delete', request, deadlineMs);
  activity.channelDeleted(session, { room, channel });
  return { result: { room, channel } };
}

/** Lists what the caller may join: the rest is not shown (PRM-5). */
export async function listChannels(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'list_channels'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'list_channels'>>> {
  const room = resolveRoom(session, envelope, args);
  const { cursor = '', limit = DEFAULT_PAGE } = args;
  const request = { tenant: session.tenant, room, cursor, limit };
  const page = await callBrain(spine, 'channels.list', request, deadlineMs);
  const channels: ChannelEntry[] = [];
  for (const { record, members } of page.channels) {
    if (record !== undefined && session.rights.may('join', room, record.channel))
      channels.push(entryOf(record, members));
  }
  return { result: { channels, ...nextPage(page) } };
}

/** Lists the rooms in which the caller may join something. */
export async function listRooms(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = DEFAULT_PAGE }: CommandArgs<'list_rooms'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'list_rooms'>>> {
  const page = await callBrain(spine, 'channels.rooms', { tenant: session.tenant, cursor, limit }, deadlineMs);
  const rooms = page.rooms
    .filter(({ room }) => session.rights.may('join', room, '*'))
    .map(({ room, channels, members }) => ({ room, channels, members }));
  return { result: { rooms, ...nextPage(page) } };
}

/** One channel of a list, as clients are told of it. */
export function entryOf(record: ChannelRecord, members: ChannelSummary['members']): ChannelEntry {
  return {
    channel: record.channel,
    members,
    created_at: formatTime(Number(record.createdAtMs)),
    created_by: record.createdBy,
    description: record.description,
    type: record.hardcoded ? 'bootstrap' : record.autoCreated ? 'auto' : 'created',
    hardcoded: record.hardcoded,
  };
}
