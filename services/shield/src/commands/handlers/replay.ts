import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { auditedReplay } from '../../audit/audited-replay.ts';
import type { ReplayWindow } from '../../history/replay-window.ts';
import type { Replayed } from '../../history/replays.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel } from '../command-target.ts';
import { requireRight } from '../require-right.ts';
import { parseTimeArgument } from '../time-argument.ts';

type Args = CommandArgs<'op.history.replay'>;

/** Writes a window of a channel's log to the caller alone, and answers when it is done (LOG-14). */
export async function replayHistory(
  call: CommandCall,
  args: Args,
  { spine, replays, profileOf }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.history.replay'>>> {
  const { session, envelope } = call;
  const address = resolveChannel(session, envelope, args);
  requireRight(session, 'history', address.room, address.channel);
  if (profileOf(address.room, address.channel).logClass === 'live') {
    throw new BusError('FEATURE_DISABLED', 'The channel keeps no history.');
  }
  const order = {
    address,
    epoch: args.epoch,
    window: windowOf(args),
    speed: args.speed,
    isStrict: args.strict_sequence === true,
    isCausal: args.causal === true,
  };
  const run = (): Promise<Replayed> => replays.run(session, envelope.id, order);
  const replayed = await auditedReplay(spine, call, address, args, run);
  const { epoch, count, firstSeq, lastSeq, hash, gaps, isCancelled, earlierEpoch } = replayed;
  return {
    result: {
      count,
      epoch,
      first_seq: firstSeq,
      last_seq: lastSeq,
      hash,
      gaps,
      ...(earlierEpoch === undefined ? {} : { earlier_epoch: earlierEpoch }),
      ...(isCancelled ? { cancelled: true } : {}),
    },
  };
}

/** Ends a replay of the own session. */
export function cancelReplay(
  { session }: CommandCall,
  args: CommandArgs<'op.history.replay.cancel'>,
  { replays }: CommandParts,
): CommandOutcome<CommandResult<'op.history.replay.cancel'>> {
  return { result: { cancelled: replays.cancel(session, args.request_id) } };
}

function windowOf(args: Args): ReplayWindow {
  const hasTimes = args.from_ts !== undefined || args.to_ts !== undefined;
  if (hasTimes && (args.from_seq !== undefined || args.to_seq !== undefined)) {
    throw invalid([{ field: 'args', problem: 'holds times and sequences; a window is told by one of them' }]);
  }
  return {
    fromSeq: args.from_seq ?? 1,
    toSeq: args.to_seq ?? Number.MAX_SAFE_INTEGER - 1,
    fromMs: parseTimeArgument('from_ts', args.from_ts) ?? 0,
    toMs: parseTimeArgument('to_ts', args.to_ts) ?? Number.POSITIVE_INFINITY,
  };
}
