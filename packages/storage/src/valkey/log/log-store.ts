import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { LogAddress } from './log-keys.ts';

/** How much is kept of a channel. */
export interface LogBounds {
  readonly maxMessages: number;
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

/** An entry on its way into the store. */
export interface NewEntry {
  readonly address: LogAddress;
  readonly data: Uint8Array;
  /** The same pair in the same channel is stored once within `ID_WINDOW_MS` (LOG-5). */
  readonly user: string;
  readonly id: string;
  /** Store only if this is the sequence of the last entry that is kept, 0 = if there is none (LOG-17). */
  readonly expectedSeq?: number;
}

/** How storing an entry ended. `conflict`: nothing was stored, and `seq` is that of the last entry that is kept. */
export interface AppendOutcome {
  readonly kind: 'stored' | 'duplicate' | 'conflict';
  readonly seq: number;
  /** Of what was stored: the sequence before it in the channel, 0 = none is known. */
  readonly prevSeq: number;
  readonly epoch: string;
}

/** An entry that is kept. */
export interface KeptEntry {
  readonly seq: number;
  readonly prevSeq: number;
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** Which entries to read: bounds are exclusive sequences, times a half-open window; absent = no bound. */
export interface PageRange {
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Newest first. */
  readonly isNewestFirst: boolean;
  readonly limit: number;
  /** Bytes of data of the page at most; one entry comes however large it is. */
  readonly maxBytes: number;
}

/** Some entries of a range. */
export interface EntryPage {
  readonly entries: readonly KeptEntry[];
  /** 0 = this was all; else the bound, `afterSeq` or `beforeSeq` by the order, from which to go on. Pages may be empty. */
  readonly nextSeq: number;
}

/**
 * Entries of channels by sequence, kept outside the bus (LOG-6). Failed calls are `BusError`s: `UNAVAILABLE` = nothing was
 * done, `TIMEOUT` = nobody knows. What is appended in one order is stored in it. Nothing is delivered.
 */
export interface LogStore {
  append(entry: NewEntry, bounds: LogBounds): Promise<AppendOutcome>;
  readPage(address: LogAddress, range: PageRange, bounds: LogBounds): Promise<EntryPage>;
  /** `lastSeq` is 0 where nothing was ever kept, or nobody can know. */
  position(
    address: LogAddress,
    bounds: LogBounds,
  ): Promise<{ readonly epoch: string; readonly firstSeq: number; readonly lastSeq: number }>;
  /** The channels of a room that hold something, in no order. */
  channels(tenant: TenantId, room: string): Promise<{ readonly epoch: string; readonly channels: readonly string[] }>;
  /** The rooms that hold something, in no order. */
  rooms(tenant: TenantId): Promise<readonly string[]>;
  /**
   * Removes some of a channel's entries for good, behind a sequence; `nextSeq` is where to go on, 0 = the end was reached
   * (LOG-15). Nobody sees a hole where they were.
   */
  erase(
    address: LogAddress,
    what: Pick<EraseFilter, 'user' | 'beforeMs'>,
    afterSeq: number,
  ): Promise<{ readonly erased: number; readonly nextSeq: number }>;
  /** Removes the entries with a sequence below `beforeSeq`. */
  trim(address: LogAddress, beforeSeq: number): Promise<void>;
}
