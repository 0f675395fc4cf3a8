import type { TenantId } from '@arqonbus/protocol';
import type { ChannelLog, LogEntry } from '@arqonbus/spine';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { KeptPages } from './kept-pages.ts';
import { ReadShelf } from './read-shelf.ts';
import { createThrottle } from './throttle.ts';
import type { Throttle } from './throttle.ts';

/** The newest entries of a channel, newest first, and the sequence up to which nothing is missing behind them. */
export interface NewestEntries {
  readonly entries: readonly LogEntry[];
  readonly seq: number;
}

/** Reads of channels' logs by many at once, each part of a log once for all of them (LOG-10). */
export interface SharedReads {
  /**
   * One page of what the log holds after `afterSeq`, oldest first. Empty only where it holds nothing up to `upTo`, the
   * last sequence that is known to be stored. May be as old as pages are kept. Rejects when the log cannot be read.
   */
  after(channel: LocalChannel, afterSeq: number, upTo: number): Promise<readonly LogEntry[]>;
  /** The last `limit` entries; read anew only where something was delivered since. */
  newest(channel: LocalChannel, limit: number): Promise<NewestEntries>;
  /** As `ChannelLog.isWholeAfter`: whether an empty page means that what was there, up to `upTo`, has been erased (LOG-15). */
  isWholeAfter(channel: LocalChannel, seq: number, upTo: number): Promise<boolean>;
  /** Forgets what was read of a tenant's logs, and what is being read: some of it has been erased. */
  forget(tenant: TenantId): void;
  /** Forgets pages that are too old; run every second. */
  sweep(): void;
}

/** What sharing reads needs from around it. */
export interface SharedReadsOptions {
  readonly log: Pick<ChannelLog, 'read' | 'isWholeAfter'>;
  /** A page ends at so many entries or bytes; see {@link MAX_PAGE_BYTES}. */
  readonly pageMessages: number;
  readonly pageBytes: number;
  /** Told of every question, whether it cost a read of the log. */
  readonly onAnswer: (from: 'log' | 'page') => void;
  readonly monotonicMs: () => number;
}

/**
 * Bytes of one page at most. It is written to everybody in the channel in one turn, so it must be far less than what cuts
 * a client off between two looks at its buffer: a page of 300 large messages did that to clients that read well.
 */
export const MAX_PAGE_BYTES = 1_048_576;
/** Reads of all channels that are under way together: what they hold is bounded, and NATS is not asked for all at once. */
const READS_AT_ONCE = 32;

/** Nothing read yet. */
export function createSharedReads(options: SharedReadsOptions): SharedReads {
  const kept = new KeptPages(options.monotonicMs);
  const throttle = createThrottle(READS_AT_ONCE);
  const shelves = new Map<string, Shelf>();
  const newest = createNewest(options, kept, throttle);
  const shelfOf = (channel: LocalChannel): ReadShelf => {
    const key = keyOf(channel);
    const known = shelves.get(key);
    if (known !== undefined) return known.shelf;
    const shelf = createShelf(channel, options, kept, throttle);
    shelves.set(key, { shelf, tenant: channel.address.tenant });
    return shelf;
  };
  return {
    after: (channel, afterSeq, upTo) => {
      kept.sweep();
      return shelfOf(channel).after(afterSeq, upTo);
    },
    newest: newest.read,
    isWholeAfter: ({ address }, seq, upTo) => options.log.isWholeAfter(address, seq, upTo),
    forget: (tenant) => {
      for (const [key, shelf] of shelves) if (shelf.tenant === tenant) shelves.delete(key);
      newest.forget(tenant);
    },
    sweep: () => {
      kept.sweep();
      for (const [key, { shelf }] of shelves) if (shelf.isIdle) shelves.delete(key);
    },
  };
}

interface Shelf {
  readonly shelf: ReadShelf;
  readonly tenant: TenantId;
}

function createShelf(
  { address }: LocalChannel,
  { log, pageMessages, pageBytes, onAnswer }: SharedReadsOptions,
  kept: KeptPages,
  throttle: Throttle,
): ReadShelf {
  const shelf: ReadShelf = new ReadShelf({
    read: (afterSeq, knownSeq) =>
      throttle(() => log.read(address, { afterSeq, knownSeq, limit: pageMessages, maxBytes: pageBytes })),
    isFull: (entries, bytes) => entries >= pageMessages || bytes >= pageBytes,
    onPage: (page) => kept.add(page.bytes, () => shelf.drop(page)),
    onAnswer,
  });
  return shelf;
}

interface NewestRead {
  readonly tenant: TenantId;
  readonly seq: number;
  readonly found: Promise<NewestEntries>;
  isRunning: boolean;
}

function createNewest(
  { log, onAnswer }: SharedReadsOptions,
  kept: KeptPages,
  throttle: Throttle,
): { readonly read: SharedReads['newest']; readonly forget: (tenant: TenantId) => void } {
  const reads = new Map<string, NewestRead>();
  const forget = (key: string, read: NewestRead): void => {
    if (reads.get(key) === read) reads.delete(key);
  };
  const newest: SharedReads['newest'] = (channel, limit) => {
    kept.sweep();
    const key = `${limit}/${keyOf(channel)}`;
    const { lastSeq } = channel;
    const known = reads.get(key);
    if (known !== undefined && (known.isRunning || known.seq === lastSeq)) {
      onAnswer('page');
      return known.found;
    }
    const found = throttle(() => log.read(channel.address, { limit, order: 'newest', knownSeq: lastSeq })).then(
      (entries) => ({
        entries,
        seq: Math.max(lastSeq, entries[0]?.seq ?? 0),
      }),
    );
    const { tenant } = channel.address;
    const read: NewestRead = { tenant, seq: lastSeq, found, isRunning: true };
    reads.set(key, read);
    found.then(
      ({ entries }) => {
        read.isRunning = false;
        onAnswer('log');
        kept.add(bytesOf(entries), () => forget(key, read));
      },
      () => forget(key, read),
    );
    return found;
  };
  return {
    read: newest,
    forget: (tenant) => {
      for (const [key, read] of reads) if (read.tenant === tenant) reads.delete(key);
    },
  };
}

/** Sequences of another epoch are another log's. */
function keyOf({ epoch, key }: LocalChannel): string {
  return `${epoch}/${key}`;
}

/** Bytes of the data of entries. */
export function bytesOf(entries: readonly LogEntry[]): number {
  return entries.reduce((sum, { data }) => sum + data.length, 0);
}
