import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel } from '../command-target.ts';
import { untilDeadline } from '../until-deadline.ts';

/** Ends a subscription. Needs no right: who may no longer join may still leave. */
export async function leaveChannel(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'leave_channel'>,
  { subscriptions, membership, activity }: CommandParts,
): Promise<CommandOutcome<CommandResult<'leave_channel'>>> {
  const { room, channel } = resolveChannel(session, envelope, args);
  if (!subscriptions.leave(session, room, channel))
    throw new BusError('NOT_SUBSCRIBED', 'You are not in this channel.');
  await untilDeadline(membership.left(session, room, channel), deadlineMs);
  activity.presence(session, 'leave', { room, channel });
  return { result: { room, channel } };
}
