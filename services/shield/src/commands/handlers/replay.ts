import { BusError, parseTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { ReplayWindow } from '../../history/replay-window.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { resolveChannel } from '../command-target.ts';
import { requireRight } from '../require-right.ts';

type Args = CommandArgs<'op.history.replay'>;

/** Writes a window of a channel's log to the caller alone, and answers when it is done (LOG-14). */
export async function replayHistory(
  { session, envelope }: CommandCall,
  args: Args,
  { replays, profileOf }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.history.replay'>>> {
  const address = resolveChannel(session, envelope, args);
  requireRight(session, 'history', address.room, address.channel);
  if (profileOf(address.room, address.channel).logClass === 'live') {
    throw new BusError('FEATURE_DISABLED', 'The channel keeps no history.');
  }
  const { epoch, count, firstSeq, lastSeq, hash, gaps, isCancelled } = await replays.run(session, envelope.id, {
    address,
    window: windowOf(args),
    speed: args.speed,
    isStrict: args.strict_sequence === true,
    isCausal: args.causal === true,
  });
  return {
    result: {
      count,
      epoch,
      first_seq: firstSeq,
      last_seq: lastSeq,
      hash,
      gaps,
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
    fromMs: timeOf('from_ts', args.from_ts) ?? 0,
    toMs: timeOf('to_ts', args.to_ts) ?? Number.POSITIVE_INFINITY,
  };
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw invalid([{ field: `args.${name}`, problem: 'must be an RFC 3339 time' }]);
  return ms;
}
