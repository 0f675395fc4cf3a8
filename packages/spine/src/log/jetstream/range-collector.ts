import { BusError } from '@arqonbus/protocol';
import { UNKNOWN_SEQ } from '../channel-log.ts';
import type { LogEntry, ReadRange } from '../channel-log.ts';

/** A stored message of the channel, as it comes out of its stream. */
export interface StoredMessage {
  readonly seq: number;
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** What a stream shows of a channel, and what it holds beyond. */
export interface KeptNumbers {
  /** Messages of a channel that are shown. */
  readonly maxMessages: number;
  /** Messages that the stream keeps of it: those beyond are never shown, and prove what came before the others. */
  readonly keptMessages: number;
}

/** What a read has found. */
export interface FoundEntries {
  readonly entries: readonly LogEntry[];
  /** The last sequence of the channel that was seen, shown or not; `UNKNOWN_SEQ` = none. */
  readonly lastSeq: number;
  /** The range is full or goes no further: what comes after does not matter. */
  readonly isComplete: boolean;
  /** The stream counts messages among these that it did not give: they are damaged. Default: as far as is known, none. */
  readonly isTorn?: boolean;
}

/** Takes a channel's messages in their order until a range has been read; derives the previous sequences (LOG-18). */
export class RangeCollector {
  readonly #range: ReadRange;
  #entries: LogEntry[] = [];
  #lastSeq = UNKNOWN_SEQ;
  #bytes = 0;
  /** Messages to come that are not shown. */
  #hidden: number;
  /** Messages that were there when the read began: who waits for the end of a busy channel waits for ever. */
  #left: number;
  #isComplete = false;
  #isDone = false;
  #finish: ((error?: BusError) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `pending`: how many messages there are from the begin of the range on. */
  constructor(range: ReadRange, pending: number, { maxMessages, keptMessages }: KeptNumbers) {
    this.#range = range;
    this.#left = pending;
    this.#hidden = keptMessages > maxMessages && pending >= keptMessages ? pending - maxMessages : 0;
    this.#isDone = pending <= 0;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Resolves at the end of the range; rejects with `UNAVAILABLE` when nothing comes for so long. */
  async done(timeoutMs: number): Promise<void> {
    if (this.#isDone) return;
    await new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
      this.#timer = setTimeout(() => this.#finish?.(new BusError('UNAVAILABLE')), timeoutMs);
    }).finally(() => clearTimeout(this.#timer));
  }

  /** `isLast`: the stream has no more at the moment. */
  take({ seq, timestampMs, data }: StoredMessage, isLast: boolean): void {
    if (this.#isDone) return;
    this.#timer?.refresh();
    this.#left -= 1;
    const prevSeq = this.#lastSeq;
    this.#lastSeq = seq;
    const { afterSeq = 0, beforeSeq = Number.POSITIVE_INFINITY, order, limit } = this.#range;
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#range;
    const isHidden = this.#hidden > 0;
    if (isHidden) this.#hidden -= 1;
    if (!isHidden && seq < beforeSeq && seq > afterSeq && this.#isInWindow(timestampMs)) {
      this.#entries.push({ seq, prevSeq, timestampMs, data });
      this.#bytes += data.length;
    }
    const isFull = order !== 'newest' && (this.#entries.length >= limit || this.#bytes >= maxBytes);
    this.#isComplete = isFull || seq >= beforeSeq;
    if (this.#isComplete || this.#left <= 0 || isLast) this.end();
  }

  /** Nothing more comes. */
  end(): void {
    this.#isDone = true;
    this.#finish?.();
  }

  found(): FoundEntries {
    return { entries: this.#ordered(), lastSeq: this.#lastSeq, isComplete: this.#isComplete };
  }

  #ordered(): readonly LogEntry[] {
    if (this.#range.order !== 'newest') return this.#entries;
    return this.#entries.slice(-this.#range.limit).toReversed();
  }

  #isInWindow(timestampMs: number): boolean {
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = this.#range;
    return timestampMs >= sinceMs && timestampMs < untilMs;
  }
}
