import type { Subject } from '../../subjects/subject.ts';
import type { LogEntry, ReadRange } from '../channel-log.ts';
import type { LogProfile } from '@arqonbus/protocol';

/** A publication in memory: a member of its channel's ring, and of the list of all entries by age. */
export interface StoredEntry {
  readonly ring: ChannelRing;
  readonly seq: number;
  readonly prevSeq: number;
  readonly timestampMs: number;
  readonly data: Uint8Array;
  readonly user: string;
  older: StoredEntry | undefined;
  newer: StoredEntry | undefined;
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
  #entries: (StoredEntry | undefined)[] = [];
  #head = 0;
  #bytes = 0;

  constructor(subject: Subject, profile: LogProfile, generation: number) {
    this.subject = subject;
    this.profile = profile;
    this.generation = generation;
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
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry.data);
  }

  /** Takes the oldest entry out. */
  shift(): void {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return;
    this.#entries[this.#head++] = undefined;
    this.#bytes -= entryBytes(entry.data);
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
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
      const entry = this.#toEntry(isNewest ? to - 1 - n : from + n);
      if (entry === undefined || !isInWindow(entry.timestampMs, range)) continue;
      found.push(entry);
      bytesLeft -= entry.data.length;
    }
    return found;
  }

  #toEntry(index: number): LogEntry | undefined {
    const entry = this.#entries[index];
    if (entry === undefined) return undefined;
    const { seq, prevSeq, timestampMs, data } = entry;
    return { seq, prevSeq, timestampMs, data };
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
