import { DeliverPolicy } from '@nats-io/jetstream';
import type { JetStreamClient, JsMsg, OrderedConsumerOptions } from '@nats-io/jetstream';
import { BusError } from '@arqonbus/protocol';
import type { Subject } from '../../subjects/subject.ts';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { LogEntry, ReadRange } from '../channel-log.ts';

/** What reading a channel needs. */
export interface ChannelReaderOptions {
  readonly js: JetStreamClient;
  readonly stream: string;
  /** The channel's subject in the stream. */
  readonly subject: Subject;
  /** Messages that the stream keeps of a channel: who finds as many cannot know whether there were more. */
  readonly maxMessages: number;
  /** How long the next message may take to come. */
  readonly timeoutMs: number;
}

/**
 * Reads a channel's entries by one ordered, ephemeral consumer (LOG-18). A stored message does not name the one before
 * it, so previous sequences are derived: the read begins at the position itself, and what is there is the predecessor.
 * Where that is gone, nobody can know. The server sends more than the range asks for, but by its flow control only some
 * 2 MiB until the first of it has been taken: who wants less says so by `maxBytes`, and what comes beyond is dropped.
 */
export async function readChannel(options: ChannelReaderOptions, range: ReadRange): Promise<readonly LogEntry[]> {
  const { js, stream, subject, maxMessages, timeoutMs } = options;
  const consumer = await js.consumers.getPushConsumer(stream, { ...startOf(range), filter_subjects: subject });
  const { num_pending: pending } = await consumer.info(true);
  const isFromStart = (range.afterSeq ?? 0) === 0 && range.sinceMs === undefined;
  const collector = new Collector(range, isFromStart && pending < maxMessages ? 0 : UNKNOWN_SEQ, pending);
  if (pending > 0) {
    const messages = await consumer.consume({ callback: (message) => collector.take(message) });
    await collector.done(timeoutMs).finally(() => messages.stop());
  }
  // Nobody waits for it: the server forgets an ephemeral consumer by itself.
  void consumer.delete().catch(() => undefined);
  return collector.entries();
}

function startOf({ afterSeq = 0, sinceMs }: ReadRange): Partial<OrderedConsumerOptions> {
  if (afterSeq > 0) return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: afterSeq };
  if (sinceMs === undefined) return { deliver_policy: DeliverPolicy.All };
  return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() };
}

/** Takes messages in their order until the range has been read. */
class Collector {
  readonly #range: ReadRange;
  #entries: LogEntry[] = [];
  #lastSeq: number;
  #bytes = 0;
  /** Messages that were there when the read began: who waits for the end of a busy channel waits for ever. */
  #left: number;
  #finish: ((error?: BusError) => void) | undefined;
  #isDone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(range: ReadRange, prevSeq: number, pending: number) {
    this.#range = range;
    this.#left = pending;
    this.#lastSeq = prevSeq;
  }

  /** Resolves at the end of the range; rejects with `UNAVAILABLE` when nothing comes for so long. */
  async done(timeoutMs: number): Promise<void> {
    if (this.#isDone) return;
    await new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
      this.#timer = setTimeout(() => this.#finish?.(new BusError('UNAVAILABLE')), timeoutMs);
    }).finally(() => clearTimeout(this.#timer));
  }

  take(message: JsMsg): void {
    if (this.#isDone) return;
    this.#timer?.refresh();
    this.#left -= 1;
    const prevSeq = this.#lastSeq;
    const { seq, time } = message;
    this.#lastSeq = seq;
    const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY, order, limit } = this.#range;
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#range;
    if (seq < beforeSeq && seq > afterSeq && this.#isInWindow(time.getTime())) {
      this.#entries.push({ seq, prevSeq, timestampMs: time.getTime(), data: message.data });
      this.#bytes += message.data.length;
    }
    const isFull = order !== 'newest' && (this.#entries.length >= limit || this.#bytes >= maxBytes);
    if (isFull || seq >= beforeSeq || this.#left <= 0 || message.info.pending === 0) this.#end();
  }

  entries(): readonly LogEntry[] {
    if (this.#range.order !== 'newest') return this.#entries;
    return this.#entries.slice(-this.#range.limit).toReversed();
  }

  #isInWindow(timestampMs: number): boolean {
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = this.#range;
    return timestampMs >= sinceMs && timestampMs < untilMs;
  }

  #end(): void {
    this.#isDone = true;
    this.#finish?.();
  }
}
