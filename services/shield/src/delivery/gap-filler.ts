import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { LogEntry } from '@arqonbus/spine';
import type { Doubt, LocalChannel } from '../subscriptions/local-channel.ts';
import { readAfter } from './catch-up.ts';
import type { FollowingEntries, Hole } from './catch-up.ts';
import type { AcceptDelivery } from './fan-out.ts';
import type { RecoveryCounters } from './recovery-counters.ts';
import type { SharedReads } from './shared-reads.ts';

/** Sees to it that a channel's subscribers miss nothing that its log has (LOG-8). */
export interface GapFiller {
  /** Takes a message of the channel's subject: hands it on where it follows what came before, else fetches what is missing. */
  accept: AcceptDelivery;
  /** Fetches up to a sequence that is known to be stored; resolves when it has been handed on, or cannot be had. */
  reach(channel: LocalChannel, seq: number): Promise<void>;
}

/** What filling gaps needs from around it. */
export interface GapFillerOptions {
  readonly reads: Pick<SharedReads, 'after' | 'isWholeAfter'>;
  /** Where messages go in their order. */
  readonly accept: AcceptDelivery;
  readonly recoveries: Pick<RecoveryCounters, 'recovery' | 'refetched'>;
  /** Told before what comes after a hole that the log cannot fill any more. */
  readonly onHole: (channel: LocalChannel, reason: Hole) => void;
  readonly onError: (channel: LocalChannel, error: unknown) => void;
  /** Runs something later. Default `setTimeout`. */
  readonly startTimer?: (run: () => void, afterMs: number) => void;
}

/** How long to wait after the log could not be read. */
const RETRY_MS = 500;

/**
 * While a gap is being filled nothing is held: messages that come meanwhile only say how far to read, since the log has
 * them all. So memory is bounded by one page, and fetches of one channel are one.
 */
export function createGapFiller(options: GapFillerOptions): GapFiller {
  const { accept } = options;
  return {
    accept: (channel, message) => {
      const { seq, prevSeq } = message;
      if (seq === 0) accept(channel, message);
      // Published where the channel was, or will be, by a layout that is not in force here: its position means nothing.
      else if (isForeign(channel, message)) {
        channel.elsewhere = { stream: message.stream ?? '', seq };
        accept(channel, { ...message, seq: 0, prevSeq: 0 });
      } else if (channel.doubt !== undefined) hear(channel.doubt, seq, prevSeq);
      else if (channel.filling !== undefined) channel.filling.upTo = Math.max(channel.filling.upTo, seq);
      else if (seq > channel.receivedSeq) {
        if (isNext(channel, prevSeq)) handOn(channel, message, accept);
        else void fill(channel, seq, options);
      }
    },
    reach: async (channel, seq) => {
      if (channel.filling !== undefined) channel.filling.upTo = Math.max(channel.filling.upTo, seq);
      else if (seq > channel.receivedSeq) return fill(channel, seq, options);
      await channel.filling?.done;
    },
  };
}

function isForeign({ stream, logClass }: LocalChannel, message: Parameters<AcceptDelivery>[1]): boolean {
  return logClass === 'live' || (stream !== '' && message.stream !== stream);
}

/**
 * Whether nothing is missing before a message that names this predecessor. Where nothing has come yet, the position that
 * is being read tells what belongs before it. A stream also says 0 when the predecessor is no longer kept (LOG-3): that
 * proves nothing after a loss of the Spine, and is harmless else.
 */
function isNext({ receivedSeq, isContinuous }: LocalChannel, prevSeq: number): boolean {
  return prevSeq === receivedSeq || receivedSeq === UNKNOWN_SEQ || (prevSeq === 0 && isContinuous);
}

function hear(doubt: Doubt, seq: number, prevSeq: number): void {
  doubt.afterSeq ??= prevSeq;
  doubt.upTo = Math.max(doubt.upTo, seq);
}

function handOn(channel: LocalChannel, message: Parameters<AcceptDelivery>[1], accept: AcceptDelivery): void {
  channel.receivedSeq = message.seq;
  accept(channel, message);
}

function fill(channel: LocalChannel, upTo: number, options: GapFillerOptions): Promise<void> {
  const filling = { upTo, done: Promise.resolve() };
  channel.filling = filling;
  filling.done = fillAll(channel, filling, options).finally(() => {
    if (channel.filling === filling) channel.filling = undefined;
  });
  return filling.done;
}

async function fillAll(
  channel: LocalChannel,
  filling: NonNullable<LocalChannel['filling']>,
  options: GapFillerOptions,
): Promise<void> {
  let hasHole = false;
  while (channel.users > 0 && channel.receivedSeq < filling.upTo) {
    const afterSeq = Math.max(0, channel.receivedSeq);
    const { upTo } = filling;
    const page = await readPage(channel, afterSeq, upTo, options);
    // The log is another one since, and its subscribers were told: these sequences mean nothing in it (LOG-4). Or it may be:
    // who asks goes on from the answer.
    if (channel.filling !== filling || channel.doubt !== undefined) return;
    if (page === undefined) continue;
    const { entries, isErased } = page;
    if (!isErased && isHole(channel, afterSeq, entries[0])) {
      hasHole = true;
      options.onHole(channel, 'trimmed');
    }
    options.recoveries.refetched(entries.length);
    for (const { seq, prevSeq, data } of entries) {
      handOn(channel, { subject: channel.subject, data, seq, prevSeq: Math.max(0, prevSeq) }, options.accept);
    }
    // Trimmed or erased since it was announced: what comes next follows that.
    if (entries.length === 0) channel.receivedSeq = upTo;
  }
  options.recoveries.recovery('gap', !hasHole);
}

/** Undefined after a pause where the log could not be read. */
async function readPage(
  channel: LocalChannel,
  afterSeq: number,
  upTo: number,
  { reads, onError, startTimer = setTimeout }: GapFillerOptions,
): Promise<FollowingEntries | undefined> {
  try {
    return await readAfter(reads, channel, afterSeq, upTo);
  } catch (error) {
    onError(channel, error);
    await new Promise<void>((resolve) => {
      startTimer(resolve, RETRY_MS);
    });
    return undefined;
  }
}

/** A `state` channel keeps one message and promises no more: it has no holes. */
function isHole({ logClass }: LocalChannel, afterSeq: number, first: LogEntry | undefined): boolean {
  return logClass !== 'state' && first?.prevSeq !== afterSeq;
}
