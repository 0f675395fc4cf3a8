import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import { memberOf } from '@arqonbus/runtime';
import { encodeMeta } from '../../presence/meta.ts';
import { ROOM_CHANNEL } from '../../subscriptions/subscriptions.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel, resolveRoom } from '../command-target.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';
import { untilDeadline } from '../until-deadline.ts';

const DEFAULT_PAGE = 100;

/** A page of the members of a channel; of the room, where no channel is named. */
export async function presence(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'presence'>,
  { spine, membership }: CommandParts,
): Promise<CommandOutcome<CommandResult<'presence'>>> {
  const isRoom = args.channel === undefined && args.room?.includes(':') === false;
  const { tenant, room, channel } = isRoom
    ? { tenant: session.tenant, room: resolveRoom(session, envelope, args), channel: ROOM_CHANNEL }
    : resolveChannel(session, envelope, args);
  requireRight(session, 'presence', room, channel);
  const { cursor = '', limit = DEFAULT_PAGE } = args;
  // What this Shield's own members did just now must be known before the list is made.
  await untilDeadline(membership.told(tenant, room), deadlineMs);
  const request = { tenant, room, channel, cursor, limit };
  const page = await callBrain(spine, 'membership.members', request, deadlineMs);
  const result = { members: page.members.map(memberOf), total: page.total };
  return { result: { ...result, ...nextPage(page) } };
}

/** Sets status and meta of the session; others are told within 100 ms. */
export async function setStatus(
  { session, deadlineMs }: CommandCall,
  { status, meta }: CommandArgs<'set_status'>,
  { membership }: CommandParts,
): Promise<CommandOutcome<CommandResult<'set_status'>>> {
  const encoded = meta === undefined ? undefined : encodeMeta(meta);
  if (status !== undefined) session.status = status;
  if (encoded !== undefined) {
    session.meta = encoded;
    for (const subscription of session.subscriptions.values()) subscription.meta = undefined;
  }
  await untilDeadline(membership.updated(session), deadlineMs);
  return { result: {} };
}
