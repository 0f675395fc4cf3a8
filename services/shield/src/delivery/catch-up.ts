import { UNKNOWN_SEQ } from '@arqonbus/spine';
import type { LogEntry } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import { EntryFrames } from './entry-frames.ts';
import type { EntryFrame } from './entry-frames.ts';
import { encodeFrame } from './frames.ts';
import { writeFrame } from './send-to-session.ts';
import type { SharedReads } from './shared-reads.ts';

/** Why publications after a position cannot all be had any more. */
export type Hole = 'trimmed' | 'epoch_changed' | 'no_log';

/** How a catch-up ended: everything was written, the client is full again, it left, or there is a hole. */
export type CatchUpResult =
  | { readonly kind: 'complete' | 'full' | 'gone' }
  | { readonly kind: 'hole'; readonly reason: Hole };

/** How far a client has been brought. */
export interface Progress {
  /** Sequence of the last publication that it has, or needs not. */
  seq: number;
  /** Of the log that the sequence is of: in another one it means nothing. */
  readonly epoch: string;
}

/** Writes to one session what it missed of a channel. */
export interface CatchUp {
  /**
   * Writes every publication after `progress`, in order, until the client has all that the topics have had, and then
   * calls `onComplete` in the same turn: what is written to the topics from then on follows without a gap (LOG-9).
   * `progress` moves along with what is written, however the run ends. Rejects when the log cannot be read.
   */
  run(session: Session, subscription: Subscription, progress: Progress, onComplete: () => void): Promise<CatchUpResult>;
}

/** What catching up needs from around it. */
export interface CatchUpOptions {
  /** No page may be more than a client can take at once: what it cannot would be read again, and again. */
  readonly reads: Pick<SharedReads, 'after' | 'isWholeAfter'>;
  readonly counters: DeliveryCounters;
  /** A catch-up writes no more once the client's buffer holds this much. */
  readonly maxBufferedBytes: number;
  /** What the reader sees of it (CAS-12). Default: what all see. */
  readonly views?: Pick<ReaderViews, 'reveal'>;
}

/** Catching up from this log. */
export function createCatchUp(options: CatchUpOptions): CatchUp {
  const frames = new EntryFrames();
  return {
    run: async (session, subscription, progress, onComplete) => {
      const { channel } = subscription;
      // Once the client has what the topics had, the rest comes by topic: no await may stand between this and the switch.
      for (;;) {
        if (progress.epoch !== channel.epoch) return { kind: 'hole', reason: 'epoch_changed' };
        if (progress.seq >= channel.lastSeq) break;
        const afterSeq = progress.seq;
        const upTo = channel.lastSeq;
        const { entries, isErased } = await readAfter(options.reads, channel, afterSeq, upTo);
        if (!isStillThere(session, subscription)) return { kind: 'gone' };
        // It may have been read from another log.
        if (channel.doubt !== undefined) {
          await channel.ready;
          continue;
        }
        if (progress.epoch !== channel.epoch) continue;
        if (isErased) {
          progress.seq = upTo;
          continue;
        }
        if (isHole(channel, afterSeq, entries[0])) return { kind: 'hole', reason: 'trimmed' };
        if (!writeEntries({ session, subscription, progress }, entries, frames, options)) return { kind: 'full' };
        // A `state` channel whose one message has been replaced: the new one comes by topic.
        if (progress.seq === afterSeq) break;
      }
      onComplete();
      return { kind: 'complete' };
    },
  };
}

/** What follows a position in a channel. */
export interface FollowingEntries {
  readonly entries: readonly LogEntry[];
  /** There is nothing up to the sequence that was asked for, and nothing was lost: what was there has been erased (LOG-15). */
  readonly isErased: boolean;
}

/** Reads a page after a position, as `SharedReads.after`, and finds out what it means that there is nothing. */
export async function readAfter(
  reads: Pick<SharedReads, 'after' | 'isWholeAfter'>,
  channel: LocalChannel,
  afterSeq: number,
  upTo: number,
): Promise<FollowingEntries> {
  const entries = await reads.after(channel, afterSeq, upTo);
  const isEmpty = entries.length === 0 && channel.logClass !== 'state';
  return { entries, isErased: isEmpty && (await reads.isWholeAfter(channel, afterSeq, upTo)) };
}

/**
 * True when something after the position, up to what the topics have had, is no longer in the log. `first` is the first
 * entry after the position that the log holds. An entry whose predecessor is gone counts as a hole where that cannot be
 * told from one: rather announced without need than silent. A `state` channel keeps one message and promises no
 * more: it has no holes.
 */
export function isHole(channel: LocalChannel, position: number, first: LogEntry | undefined): boolean {
  if (channel.logClass === 'state' || position >= channel.lastSeq) return false;
  if (first === undefined || first.prevSeq === UNKNOWN_SEQ) return true;
  return first.prevSeq > 0 ? first.prevSeq > position : position > 0;
}

/** Who is brought back, and how far that is. */
interface Reading {
  readonly session: Session;
  readonly subscription: Subscription;
  readonly progress: Progress;
}

/** Writes a page, in as few writes as the engine can; false when the client filled up before the end. */
function writeEntries(
  { session, subscription, progress }: Reading,
  entries: readonly LogEntry[],
  frames: EntryFrames,
  options: CatchUpOptions,
): boolean {
  let isFull = false;
  session.connection?.batch(() => {
    for (const entry of entries) {
      // Later ones have not been written to the topics yet, and will come by topic.
      if (entry.seq > subscription.channel.lastSeq) return;
      isFull = bufferedBytes(session) > options.maxBufferedBytes;
      if (isFull) return;
      writeEntry(session, subscription, frames.of(entry, subscription.channel.epoch), options);
      progress.seq = entry.seq;
    }
  });
  return !isFull;
}

function isStillThere(session: Session, subscription: Subscription): boolean {
  if (session.connection === undefined || session.isClosing) return false;
  return session.subscriptions.get(subscription.channel.name) === subscription;
}

function bufferedBytes(session: Session): number {
  return session.connection?.bufferedAmount() ?? 0;
}

function writeEntry(
  session: Session,
  subscription: Subscription,
  frame: EntryFrame | undefined,
  { counters, views = PLAIN_VIEWS }: CatchUpOptions,
): void {
  if (frame === undefined) {
    counters.malformed.inc();
    return;
  }
  const { envelope } = frame;
  if (envelope.sender === session.clientId && !subscription.echo) return;
  counters.recovered[subscription.channel.logClass].inc();
  const seen = views.reveal(session, envelope);
  const bytes = seen === envelope ? frame.in(session.format) : encodeFrame(seen, session.format);
  writeFrame(session, bytes, counters);
}
