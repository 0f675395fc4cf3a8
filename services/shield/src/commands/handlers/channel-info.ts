import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import { memberOf } from '@arqonbus/runtime';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveRealChannel } from '../command-target.ts';
import { jsonObject } from '../../delivery/frames.ts';
import { requireRight } from '../require-right.ts';
import { untilDeadline } from '../until-deadline.ts';
import { entryOf } from './channels.ts';

/** Describes one channel to somebody who may join it. */
export async function channelInfo(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'channel_info'>,
  { spine, log, profileOf, membership }: CommandParts,
): Promise<CommandOutcome<CommandResult<'channel_info'>>> {
  const address = resolveRealChannel(session, envelope, args);
  const { tenant, room, channel } = address;
  requireRight(session, 'join', room, channel);
  await untilDeadline(membership.told(tenant, room), deadlineMs);
  const request = { tenant, room, channel };
  const { record, participants, members } = await callBrain(spine, 'channels.info', request, deadlineMs);
  if (record === undefined) throw new BusError('CHANNEL_NOT_FOUND');
  const result = {
    room,
    ...entryOf(record, members),
    participants: participants.map(memberOf),
    settings: jsonObject(record.settings),
  };
  if (profileOf(room, channel).logClass === 'live') return { result };
  const { epoch, firstSeq, lastSeq } = await log.position(address);
  return { result: { ...result, log: { epoch, first_seq: firstSeq, last_seq: lastSeq } } };
}
