import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { ChannelLog, LogPosition, ProfileOf } from '@arqonbus/spine';
import type { Doubt, LocalChannel } from '../subscriptions/local-channel.ts';
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
  /** Set where sequences may be used again in the log that is asked for. */
  readonly doubt: Doubt | undefined;
  /** What was known before, or is still being asked for. */
  readonly earlier: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * From here on joins wait: a position of an epoch that is over must not be taken for one of this (LOG-4). Nor is anything
 * handed on, unless `goesOn`: what a channel still gets where a layout moves it to another stream keeps its sequences.
 */
export function doubtOf(channel: LocalChannel, goesOn = false): DoubtedChannel {
  const earlier = channel.ready;
  // One of its own, so that an older question does not end it; what was heard goes along.
  const doubt = goesOn ? undefined : { afterSeq: undefined, upTo: 0, ...channel.doubt };
  channel.doubt = doubt ?? channel.doubt;
  const settle: Pick<DoubtedChannel, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
  channel.ready = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  // Who waits for it hears of a failure; nobody may be waiting.
  channel.ready.catch(() => undefined);
  return { channel, doubt, earlier, resolve: () => settle.resolve(), reject: (error) => settle.reject(error) };
}

/**
 * Fetches what a channel has missed, also where no message follows (LOG-16); where its log is another one now, tells its
 * subscribers so and goes on with the first message that was heard of that one (LOG-4). Rejects when the log cannot be read.
 */
export async function recoverChannel(doubted: DoubtedChannel, options: RecoverChannelOptions): Promise<void> {
  const { channel } = doubted;
  try {
    const upTo = await checkLog(doubted, options);
    doubted.resolve();
    await options.gaps.reach(channel, upTo);
    if (channel.doubt === undefined) channel.isContinuous = true;
  } catch (error) {
    doubted.reject(error);
    throw error;
  }
}

/** Gives how far to fetch; 0 where there is no log. */
async function checkLog({ channel, doubt, earlier }: DoubtedChannel, options: RecoverChannelOptions): Promise<number> {
  // What failed before is what is asked now.
  await earlier.catch(() => undefined);
  const { logClass } = options.profileOf(channel.address.room, channel.address.channel);
  if (logClass === 'live') {
    channel.doubt = undefined;
    leaveLog(channel, options);
    return 0;
  }
  const before = channel.receivedSeq;
  const { position, afterSeq, upTo } = await askLog(channel, doubt, options);
  endDoubt(channel, doubt);
  if (position.epoch === channel.epoch) channel.logClass = logClass;
  else enterLog(channel, { ...position, logClass, afterSeq, hasMoved: channel.receivedSeq !== before }, options);
  return upTo;
}

interface LogAnswer {
  readonly position: LogPosition;
  /** Where to go on in another log: before the first message heard of it. */
  readonly afterSeq: number;
  readonly upTo: number;
}

/**
 * What is heard beyond the answer came after it was given, or is of the log that was: a second answer tells. Waiting for a
 * sequence of another log would be waiting for ever.
 */
async function askLog(
  { address }: LocalChannel,
  doubt: Doubt | undefined,
  { log }: RecoverChannelOptions,
): Promise<LogAnswer> {
  let heard = doubt?.upTo ?? 0;
  let position = await log.position(address);
  if (doubt !== undefined && doubt.upTo > position.lastSeq) {
    heard = doubt.upTo;
    position = await log.position(address);
  }
  const { lastSeq } = position;
  if (doubt === undefined || heard > lastSeq) return { position, afterSeq: lastSeq, upTo: lastSeq };
  const afterSeq = Math.min(doubt.afterSeq ?? lastSeq, lastSeq);
  return { position, afterSeq, upTo: Math.max(lastSeq, doubt.upTo) };
}

/** Unless the channel is doubted anew since. */
function endDoubt(channel: LocalChannel, doubt: Doubt | undefined): void {
  if (channel.doubt === doubt) channel.doubt = undefined;
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
  /** Where to go on. */
  readonly afterSeq: number;
  /** Something came while its position was asked for: it came after the answer was given, and is not to come again. */
  readonly hasMoved: boolean;
}

function enterLog(
  channel: LocalChannel,
  { epoch, endSeq, stream, afterSeq: seq, logClass, hasMoved }: OtherLog,
  { tell, recoveries }: RecoverChannelOptions,
): void {
  const isKnown = channel.epoch !== '' || channel.logClass === 'live';
  const reached = reachedIn(channel, stream, hasMoved);
  const [lastSeq, receivedSeq] = [Math.max(reached.lastSeq, seq), Math.max(reached.receivedSeq, seq)];
  Object.assign(channel, { logClass, epoch, endSeq, stream, lastSeq, receivedSeq });
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
