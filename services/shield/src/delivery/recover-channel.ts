import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { ChannelLog, LogPosition, ProfileOf } from '@arqonbus/spine';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { TellChannel } from './channel-notices.ts';
import type { GapFiller } from './gap-filler.ts';
import type { RecoveryCounters } from './recovery-counters.ts';

/** What bringing a channel up to its log needs. */
export interface RecoverChannelOptions {
  readonly log: Pick<ChannelLog, 'position'>;
  readonly profileOf: ProfileOf;
  readonly gaps: Pick<GapFiller, 'reach'>;
  readonly tell: TellChannel;
  readonly recoveries: Pick<RecoveryCounters, 'discontinuity'>;
}

/** A channel whose epoch and end are not believed any more. */
export interface DoubtedChannel {
  readonly channel: LocalChannel;
  /** What was known before, or is still being asked for. */
  readonly earlier: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** From here on joins wait: a position of an epoch that is over must not be taken for one of this (LOG-4). */
export function doubtOf(channel: LocalChannel): DoubtedChannel {
  const earlier = channel.ready;
  const settle: Pick<DoubtedChannel, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
  channel.ready = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  // Who waits for it hears of a failure; nobody may be waiting.
  channel.ready.catch(() => undefined);
  return { channel, earlier, resolve: () => settle.resolve(), reject: (error) => settle.reject(error) };
}

/**
 * Fetches what a channel has missed, also where no message follows (LOG-16), or tells its subscribers that its log is
 * another one now (LOG-4). Rejects when the log cannot be read.
 */
export async function recoverChannel(doubted: DoubtedChannel, options: RecoverChannelOptions): Promise<void> {
  const { channel } = doubted;
  try {
    const missedUpTo = await checkLog(doubted, options);
    doubted.resolve();
    if (missedUpTo === undefined) return;
    await options.gaps.reach(channel, missedUpTo);
    channel.isContinuous = true;
  } catch (error) {
    doubted.reject(error);
    throw error;
  }
}

/** Gives how far to fetch; undefined = the log is another one, or there is none, and the channel stands at its end. */
async function checkLog(
  { channel, earlier }: DoubtedChannel,
  options: RecoverChannelOptions,
): Promise<number | undefined> {
  // What failed before is what is asked now.
  await earlier.catch(() => undefined);
  const { logClass } = options.profileOf(channel.address.room, channel.address.channel);
  if (logClass === 'live') {
    leaveLog(channel, options);
    return undefined;
  }
  const before = channel.receivedSeq;
  const position = await options.log.position(channel.address);
  if (position.epoch !== channel.epoch) {
    enterLog(channel, { ...position, logClass, hasMoved: channel.receivedSeq !== before }, options);
    return undefined;
  }
  channel.logClass = logClass;
  return position.lastSeq;
}

/** A layout has made it `live`: positions mean nothing any more. */
function leaveLog(channel: LocalChannel, { tell, recoveries }: RecoverChannelOptions): void {
  if (channel.logClass === 'live') return;
  const { epoch, lastSeq: seq } = channel;
  Object.assign(channel, { logClass: 'live', epoch: '', stream: '', lastSeq: 0, endSeq: 0, receivedSeq: UNKNOWN_SEQ });
  Object.assign(channel, { filling: undefined, elsewhere: undefined });
  recoveries.discontinuity('no_log');
  tell(channel, { event: 'lagging', epoch, seq, recovered: false, reason: 'no_log' });
}

interface OtherLog extends LogPosition {
  readonly logClass: LocalChannel['logClass'];
  /** Something came while its position was asked for: it came after the answer was given, and is not to come again. */
  readonly hasMoved: boolean;
}

function enterLog(
  channel: LocalChannel,
  { epoch, endSeq, stream, lastSeq: seq, logClass, hasMoved }: OtherLog,
  { tell, recoveries }: RecoverChannelOptions,
): void {
  const isKnown = channel.epoch !== '' || channel.logClass === 'live';
  const reached = reachedIn(channel, stream, hasMoved);
  const [lastSeq, receivedSeq] = [Math.max(reached.lastSeq, seq), Math.max(reached.receivedSeq, seq)];
  Object.assign(channel, { logClass, epoch, endSeq, stream, lastSeq, receivedSeq, isContinuous: true });
  Object.assign(channel, { filling: undefined, elsewhere: undefined });
  // Nobody was told of a position before.
  if (!isKnown) return;
  recoveries.discontinuity('epoch_changed');
  tell(channel, { event: 'lagging', epoch, seq, recovered: false, reason: 'epoch_changed' });
}

/** What has come of a stream before the channel was known to be in it, and is not to come again. */
function reachedIn(
  channel: LocalChannel,
  stream: string,
  hasMoved: boolean,
): Pick<LocalChannel, 'lastSeq' | 'receivedSeq'> {
  // Sequences of another stream mean nothing in this one.
  if (stream !== channel.stream) {
    const seq = channel.elsewhere?.stream === stream ? channel.elsewhere.seq : 0;
    return { lastSeq: seq, receivedSeq: seq };
  }
  return hasMoved ? channel : { lastSeq: 0, receivedSeq: 0 };
}
