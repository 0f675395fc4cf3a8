import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import { jsonBytes, jsonObject } from '../../delivery/frames.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveWholeRoom } from '../command-target.ts';
import { requireRight } from '../require-right.ts';
import { traceIdOf } from '../trace-id.ts';
import { untilDeadline } from '../until-deadline.ts';

type Room = CommandResult<'op.room.create'>;

/** Makes a room (PRM-4). */
export function createRoom(
  call: CommandCall,
  args: CommandArgs<'op.room.create'>,
  parts: CommandParts,
): Promise<CommandOutcome<Room>> {
  return askAbout('channels.create_room', call, args, parts);
}

/** Changes or tells the settings of a room. */
export function roomSettings(
  call: CommandCall,
  args: CommandArgs<'op.room.settings'>,
  parts: CommandParts,
): Promise<CommandOutcome<Room>> {
  return askAbout('channels.room_settings', call, args, parts);
}

/** Deletes a room in which nobody is. */
export async function deleteRoom(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.room.delete'>,
  { spine, membership }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.room.delete'>>> {
  const room = resolveWholeRoom(session, envelope, args);
  requireRight(session, 'manage', room, '*');
  // What this Shield's own members did just now must be known before anybody judges emptiness.
  await untilDeadline(membership.told(session.tenant, room), deadlineMs);
  const request = { tenant: session.tenant, room, requestedBy: session.user, traceId: traceIdOf(envelope) };
  const { channels } = await callBrain(spine, 'channels.delete_room', request, deadlineMs);
  return { result: { room, channels } };
}

async function askAbout(
  method: 'channels.create_room' | 'channels.room_settings',
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.room.create'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Room>> {
  const room = resolveWholeRoom(session, envelope, args);
  requireRight(session, 'manage', room, '*');
  const request = {
    tenant: session.tenant,
    room,
    requestedBy: session.user,
    traceId: traceIdOf(envelope),
    ...(args.settings === undefined ? {} : { settings: jsonBytes(args.settings) }),
  };
  const { settings } = await callBrain(spine, method, request, deadlineMs);
  return { result: { room, settings: jsonObject(settings) } };
}
