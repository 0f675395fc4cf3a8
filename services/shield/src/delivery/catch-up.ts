import { decodeTrustedProtoEnvelope } from '@arqonbus/protocol';
import type { ChannelLog, LogEntry } from '@arqonbus/spine';
import type { Session } from '../session/session.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { Subscription } from '../subscriptions/subscription.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import type { SendToSession } from './send-to-session.ts';

/** Why publications after a position cannot all be had any more. */
export type Hole = 'trimmed' | 'epoch_changed' | 'no_log';

/** How a catch-up ended: everything was written, the client is full again, it left, or there is a hole. */
export type CatchUpResult =
  | { readonly kind: 'complete' }
  | { readonly kind: 'full'; readonly seq: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'hole'; readonly reason: Hole };

/** Writes to one session what it missed of a channel. */
export interface CatchUp {
  /**
   * Writes every publication after `seq`, in order, until the client has all that the topics have had, and then calls
   * `onComplete` in the same turn: what is written to the topics from then on follows without a gap (LOG-9).
   */
  run(session: Session, subscription: Subscription, seq: number, onComplete: () => void): Promise<CatchUpResult>;
}

/** What catching up needs from around it. */
export interface CatchUpOptions {
  readonly log: ChannelLog;
  readonly counters: DeliveryCounters;
  readonly send: SendToSession;
  readonly pageMessages: number;
  /** A catch-up writes no more once the client's buffer holds this much. */
  readonly maxBufferedBytes: number;
}

/** Catching up from this log. */
export function createCatchUp(options: CatchUpOptions): CatchUp {
  return {
    run: async (session, subscription, seq, onComplete) => {
      const { channel } = subscription;
      let position = seq;
      // Once the client has what the topics had, the rest comes by topic: no await may stand between this and the switch.
      while (position < channel.lastSeq) {
        const entries = await options.log.read(channel.address, { afterSeq: position, limit: options.pageMessages });
        if (!isStillThere(session, subscription)) return { kind: 'gone' };
        const written = writeEntries(session, subscription, position, entries, options);
        if (written.kind !== 'progress') return written;
        // A `state` channel whose one message has been replaced: the new one comes by topic.
        if (written.seq === position) break;
        position = written.seq;
      }
      onComplete();
      return { kind: 'complete' };
    },
  };
}

type Written = { readonly kind: 'progress'; readonly seq: number } | Exclude<CatchUpResult, { kind: 'complete' | 'gone' }>;

function writeEntries(
  session: Session,
  subscription: Subscription,
  position: number,
  entries: readonly LogEntry[],
  options: CatchUpOptions,
): Written {
  const { channel } = subscription;
  if (channel.logClass !== 'state' && hasHole(channel, position, entries)) return { kind: 'hole', reason: 'trimmed' };
  let seq = position;
  for (const entry of entries) {
    // Later ones have not been written to the topics yet, and will come by topic.
    if (entry.seq > channel.lastSeq) break;
    if (bufferedBytes(session) > options.maxBufferedBytes) return { kind: 'full', seq };
    writeEntry(session, subscription, entry, options);
    seq = entry.seq;
  }
  return { kind: 'progress', seq };
}

function isStillThere(session: Session, subscription: Subscription): boolean {
  return session.connection !== undefined && session.subscriptions.get(subscription.channel.name) === subscription;
}

/** True when something between the position and what the topics have had is no longer in the log. */
function hasHole(channel: LocalChannel, position: number, entries: readonly LogEntry[]): boolean {
  const [first] = entries;
  return first === undefined || first.seq > channel.lastSeq || first.prevSeq > position;
}

function bufferedBytes(session: Session): number {
  return session.connection?.bufferedAmount() ?? 0;
}

function writeEntry(session: Session, subscription: Subscription, entry: LogEntry, options: CatchUpOptions): void {
  const envelope = decodeTrustedProtoEnvelope(entry.data);
  if (envelope === undefined) {
    options.counters.malformed.inc();
    return;
  }
  if (envelope.sender === session.clientId && !subscription.echo) return;
  envelope.seq = entry.seq;
  envelope.prevSeq = entry.prevSeq;
  envelope.epoch = subscription.channel.epoch;
  options.send(session, envelope);
}
