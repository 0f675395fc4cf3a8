import type { Subject } from '../../subjects/subject.ts';
import type { LogEntry, ReadRange } from '../channel-log.ts';
import type { LogProfile } from '@arqonbus/protocol';

/** A publication in memory: a member of its channel's ring, and of the list of all entries by age. */
export interface StoredEntry {
  readonly ring: ChannelRing;
  readonly seq: number;
  /** Of the one before it in the ring; where it is the oldest, what the ring has lost last. */
  prevSeq: number;
  readonly timestampMs: number;
  readonly data: Uint8Array;
  readonly user: string;
  older: StoredEntry | undefined;
  newer: StoredEntry | undefined;
}

/** How far a channel has come, and what it has lost. */
export interface RingEnds {
  readonly lastSeq: number;
  readonly lostSeq: number;
}

/** Space that is reckoned for an entry beyond its data: its object, its place in the ring, its id in the window. */
const ENTRY_OVERHEAD_BYTES = 128;

/** Bytes that an entry with this data counts for. */
export function entryBytes(data: Uint8Array): number {
  return data.length + ENTRY_OVERHEAD_BYTES;
}

/**
 * The entries of one channel, oldest first. Adding and dropping cost O(1), amortised: the front of the array is left
 * empty until it is half of it.
 */
export class ChannelRing {
  readonly subject: Subject;
  /** Changes with the layout of the log. */
  profile: LogProfile;
  /** Of the layout that brought the channel to its profile. */
  readonly generation: number;
  /** The last sequence that the channel ever had, kept or not. */
  lastSeq: number;
  /** The last sequence that it lost to its limits: nothing after it is missing, but what was erased. */
  lostSeq: number;
  #entries: (StoredEntry | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(subject: Subject, profile: LogProfile, generation: number, { lastSeq, lostSeq }: RingEnds) {
    this.subject = subject;
    this.profile = profile;
    this.generation = generation;
    this.lastSeq = lastSeq;
    this.lostSeq = lostSeq;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get oldest(): StoredEntry | undefined {
    return this.#entries[this.#head];
  }

  get newest(): StoredEntry | undefined {
    return this.#entries[this.#entries.length - 1];
  }

  push(entry: StoredEntry): void {
    this.lastSeq = entry.seq;
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry.data);
  }

  /** Takes the oldest entry out. */
  shift(): void {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return;
    this.#entries[this.#head++] = undefined;
    this.lostSeq = entry.seq;
    this.#bytes -= entryBytes(entry.data);
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Takes entries out as if they had never been: those that follow name the ones before. Gives them. */
  erase(isGone: (entry: StoredEntry) => boolean): readonly StoredEntry[] {
    const gone: StoredEntry[] = [];
    const left: StoredEntry[] = [];
    for (const entry of this.#entries) {
      if (entry === undefined) continue;
      if (isGone(entry)) gone.push(entry);
      else {
        entry.prevSeq = left.at(-1)?.seq ?? this.lostSeq;
        left.push(entry);
      }
    }
    this.#entries = left;
    this.#head = 0;
    for (const { data } of gone) this.#bytes -= entryBytes(data);
    return gone;
  }

  /** True when the oldest entry has to go: too old at `nowMs`, or one of more than the profile keeps. */
  isOverdue(nowMs: number): boolean {
    const oldest = this.#entries[this.#head];
    if (oldest === undefined) return false;
    const { maxAgeMs, maxMessages, maxBytes } = this.profile;
    return oldest.timestampMs + maxAgeMs <= nowMs || this.length > maxMessages || this.#bytes > maxBytes;
  }

  read(range: ReadRange): LogEntry[] {
    const from = range.afterSeq === undefined ? this.#head : this.#firstFrom(range.afterSeq + 1);
    const to = range.beforeSeq === undefined ? this.#entries.length : this.#firstFrom(range.beforeSeq);
    const found: LogEntry[] = [];
    const isNewest = range.order === 'newest';
    let bytesLeft = isNewest ? Number.POSITIVE_INFINITY : (range.maxBytes ?? Number.POSITIVE_INFINITY);
    for (let n = 0; n < to - from && found.length < range.limit && bytesLeft > 0; n++) {
      const entry = this.#toEntry(isNewest ? to - 1 - n : from + n, range.afterSeq);
      if (entry === undefined || !isInWindow(entry.timestampMs, range)) continue;
      found.push(entry);
      bytesLeft -= entry.data.length;
    }
    return found;
  }

  /** A position before which nothing is missing is as good a predecessor as the one there was. */
  #toEntry(index: number, afterSeq = 0): LogEntry | undefined {
    const entry = this.#entries[index];
    if (entry === undefined) return undefined;
    const { seq, prevSeq, timestampMs, data } = entry;
    return { seq, prevSeq: Math.max(prevSeq, afterSeq), timestampMs, data };
  }

  /** Index of the first entry whose sequence is at least `seq`, by binary search. */
  #firstFrom(seq: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.seq ?? 0) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isInWindow(timestampMs: number, range: ReadRange): boolean {
  return timestampMs >= (range.sinceMs ?? -Infinity) && timestampMs < (range.untilMs ?? Infinity);
}
