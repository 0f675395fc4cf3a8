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
  /** Messages of a channel that are shown. */
  readonly maxMessages: number;
  /** Messages that the stream keeps of it: those beyond are never shown, and prove what came before the others. */
  readonly keptMessages: number;
  /** Whether the stream has lost nothing of the channel after a sequence to its limits. Asked where the messages do not tell. */
  readonly isWhole: (afterSeq: number) => Promise<boolean>;
  /** How long the next message may take to come. */
  readonly timeoutMs: number;
}

/**
 * Reads a channel's entries by one ordered, ephemeral consumer (LOG-18). A stored message does not name the one before
 * it, so previous sequences are derived: the read begins at the position itself, and what is there is the predecessor.
 * Where that is gone, the stream's limits may tell whether anything is missing; else nobody can know. The server sends more than the range asks for, but by its flow control only some
 * 2 MiB until the first of it has been taken: who wants less says so by `maxBytes`, and what comes beyond is dropped.
 */
export async function readChannel(options: ChannelReaderOptions, range: ReadRange): Promise<readonly LogEntry[]> {
  const { js, stream, subject, maxMessages, keptMessages, timeoutMs } = options;
  const consumer = await js.consumers.getPushConsumer(stream, { ...startOf(range), filter_subjects: subject });
  const { num_pending: pending } = await consumer.info(true);
  const hidden = keptMessages > maxMessages && pending >= keptMessages ? pending - maxMessages : 0;
  const collector = new Collector(range, pending, hidden);
  if (pending > 0) {
    const messages = await consumer.consume({ callback: (message) => collector.take(message) });
    await collector.done(timeoutMs).finally(() => messages.stop());
  }
  // Nobody waits for it: the server forgets an ephemeral consumer by itself.
  void consumer.delete().catch(() => undefined);
  return prove(collector.entries(), range, options);
}

/** Finds out whether the first entry is what follows the position, where the position itself is not there to tell. */
async function prove(
  entries: readonly LogEntry[],
  { afterSeq = 0, sinceMs, order }: ReadRange,
  { isWhole }: ChannelReaderOptions,
): Promise<readonly LogEntry[]> {
  const [first, ...rest] = entries;
  if (first?.prevSeq !== UNKNOWN_SEQ || sinceMs !== undefined || order === 'newest') return entries;
  return (await isWhole(afterSeq)) ? [{ ...first, prevSeq: afterSeq }, ...rest] : entries;
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
  #lastSeq = UNKNOWN_SEQ;
  #bytes = 0;
  /** Messages to come that are not shown. */
  #hidden: number;
  /** Messages that were there when the read began: who waits for the end of a busy channel waits for ever. */
  #left: number;
  #finish: ((error?: BusError) => void) | undefined;
  #isDone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(range: ReadRange, pending: number, hidden: number) {
    this.#range = range;
    this.#left = pending;
    this.#hidden = hidden;
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
    const isHidden = this.#hidden > 0;
    if (isHidden) this.#hidden -= 1;
    if (!isHidden && seq < beforeSeq && seq > afterSeq && this.#isInWindow(time.getTime())) {
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
