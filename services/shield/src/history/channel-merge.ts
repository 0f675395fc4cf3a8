import type { Envelope } from '@arqonbus/protocol';
import type { ChannelAddress, ChannelLog, LogEntry, ReadRange } from '@arqonbus/spine';
import { decodeEntry } from '../delivery/decode-delivery.ts';

/** One channel of a merge, and the sequence that its reading goes on behind; undefined = from its end. */
export interface MergeChannel {
  readonly address: ChannelAddress;
  readonly epoch: string;
  readonly position: number | undefined;
}

/** What is read of every channel. */
export type MergeWindow = Required<Pick<ReadRange, 'order'>> & Pick<ReadRange, 'sinceMs' | 'untilMs'>;

/** One entry of a merge; without an envelope it is malformed and only moves its channel on (SPN-3). */
export interface MergedEntry {
  readonly channel: string;
  readonly seq: number;
  readonly timestampMs: number;
  readonly envelope: Envelope | undefined;
}

/** Entries that are read of a channel at a time. */
const BATCH = 16;
/** Channels that are read at a time. */
const READS_AT_ONCE = 8;

interface Source {
  readonly channel: MergeChannel;
  readonly waiting: MergedEntry[];
  /** Where the next batch begins; exclusive. */
  readFrom: number | undefined;
  position: number | undefined;
  isReadOut: boolean;
}

/**
 * Merges the logs of several channels by (timestamp, channel, seq) (LOG-19). Within a channel the order is that of its
 * log, whatever the times say (LOG-12), so where the next page begins is told by one position a channel.
 */
export class ChannelMerge {
  readonly #log: ChannelLog;
  readonly #window: MergeWindow;
  readonly #sources: readonly Source[];

  constructor(log: ChannelLog, channels: readonly MergeChannel[], window: MergeWindow) {
    this.#log = log;
    this.#window = window;
    this.#sources = channels.map((channel) => {
      const { position } = channel;
      return { channel, waiting: [], readFrom: position, position, isReadOut: false };
    });
  }

  /** The next entry, without taking it; undefined at the end. Rejects when a log cannot be read. */
  async peek(): Promise<MergedEntry | undefined> {
    await this.#fill();
    return this.#first()?.waiting[0];
  }

  /** Takes what {@link peek} gave. */
  take(): void {
    const source = this.#first();
    const entry = source?.waiting.shift();
    if (source !== undefined && entry !== undefined) source.position = entry.seq;
  }

  /**
   * Where each channel goes on, after `peek`. Newest first, a channel that gave nothing yet stays below what it held by
   * now: what comes later belongs before the first page.
   */
  positions(): ReadonlyMap<string, { readonly epoch: string; readonly seq: number }> {
    const positions = new Map<string, { readonly epoch: string; readonly seq: number }>();
    for (const { channel, waiting, position } of this.#sources) {
      const isNewest = this.#window.order === 'newest';
      const seq = position ?? (isNewest ? (waiting[0]?.seq ?? 0) + 1 : undefined);
      if (seq !== undefined) positions.set(channel.address.channel, { epoch: channel.epoch, seq });
    }
    return positions;
  }

  async #fill(): Promise<void> {
    const empty = this.#sources.filter(({ waiting, isReadOut }) => waiting.length === 0 && !isReadOut);
    for (let start = 0; start < empty.length; start += READS_AT_ONCE) {
      await Promise.all(empty.slice(start, start + READS_AT_ONCE).map((source) => this.#read(source)));
    }
  }

  async #read(source: Source): Promise<void> {
    const { channel, readFrom } = source;
    const bound = this.#window.order === 'newest' ? 'beforeSeq' : 'afterSeq';
    const range = { ...this.#window, limit: BATCH, ...(readFrom === undefined ? {} : { [bound]: readFrom }) };
    const entries = await this.#log.read(channel.address, range);
    source.waiting.push(...entries.map((entry) => mergedOf(channel, entry)));
    source.isReadOut = entries.length < BATCH;
    source.readFrom = entries.at(-1)?.seq ?? readFrom;
  }

  #first(): Source | undefined {
    const sign = this.#window.order === 'newest' ? -1 : 1;
    let first: Source | undefined;
    for (const source of this.#sources) {
      const [entry] = source.waiting;
      const best = first?.waiting[0];
      if (entry !== undefined && (best === undefined || sign * compare(entry, best) < 0)) first = source;
    }
    return first;
  }
}

function mergedOf({ address, epoch }: MergeChannel, entry: LogEntry): MergedEntry {
  const envelope = decodeEntry(entry, epoch);
  const timestampMs = envelope?.timestampMs ?? entry.timestampMs;
  return { channel: address.channel, seq: entry.seq, timestampMs, envelope };
}

function compare(one: MergedEntry, other: MergedEntry): number {
  if (one.timestampMs !== other.timestampMs) return one.timestampMs - other.timestampMs;
  return one.channel < other.channel ? -1 : 1;
}
