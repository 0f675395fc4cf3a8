import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { LogAddress } from '../valkey/log/log-keys.ts';
import type { EntryPage, PageRange } from '../valkey/log/log-store.ts';

/** In place of a previous sequence that nobody knows. */
export const UNKNOWN_PREV_SEQ = -1;

/** A publication on its way into the archive. */
export interface ArchivedPublication {
  readonly address: LogAddress;
  readonly epoch: string;
  readonly seq: number;
  /** Undefined = the one before it that is archived, unless something is missing in between. */
  readonly prevSeq: number | undefined;
  /** When the log stored it, ms since the Unix epoch. */
  readonly timestampMs: number;
  /** Who published it; '' = unknown. */
  readonly user: string;
  /** Encoded `arqon.v1.Envelope` without a position. */
  readonly data: Uint8Array;
}

/** How far a source of the log has been copied. */
export interface ArchivePosition {
  readonly seq: number;
  /** Nothing is known to be missing behind this sequence; 0 = nothing at all. */
  readonly gapSeq: number;
  /** Grows with every change. */
  readonly revision: number;
}

/** What is added at once. */
export interface ArchiveBatch {
  readonly source: string;
  /** Sequences mean nothing beyond it. */
  readonly incarnation: string;
  /** The position that it was read behind. */
  readonly from: ArchivePosition;
  /** The next position. */
  readonly endSeq: number;
  /** Something was missing right before each of these sequences; growing. */
  readonly gaps: readonly number[];
  /** In the order of their sequences. */
  readonly publications: readonly ArchivedPublication[];
}

/** A channel of a room that the archive holds something of, in one of its epochs. */
export interface ArchivedChannel {
  readonly channel: string;
  readonly epoch: string;
}

/** A numbering of a channel that the archive holds something of (LOG-4). */
export interface ArchivedEpoch {
  readonly epoch: string;
  /** When its first and its last publication were stored, ms since the Unix epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/**
 * Logged publications beyond the retention of the log (LOG-15), each once by (tenant, room, channel, epoch, seq). Nothing of
 * one tenant is shown to another. Throws `UNAVAILABLE` where it cannot be used.
 */
export interface ArchiveStore {
  /** From the first call on the position is there, so that {@link ArchiveStore.erase} overtakes whoever reads behind it. */
  position(source: string, incarnation: string): Promise<ArchivePosition>;
  /**
   * Adds publications and moves the position on, both or neither; gives the new one. Rejects with `CONFLICT` where the
   * position is another one by now, or something was erased since it was read: what was read may be gone from the log.
   */
  add(batch: ArchiveBatch): Promise<ArchivePosition>;
  /** As `LogStore.readPage`, of one epoch. */
  readPage(address: LogAddress, epoch: string, range: PageRange): Promise<EntryPage>;
  /** Channels of a room by name and epoch, up to a limit. */
  channels(tenant: TenantId, room: string, limit: number): Promise<readonly ArchivedChannel[]>;
  /** The epochs of a channel by their first publications, oldest first; of more than `limit` the newest. */
  epochs(address: LogAddress, limit: number): Promise<readonly ArchivedEpoch[]>;
  /**
   * Removes up to so many publications of a tenant; gives how many. Those that follow name the ones before as their
   * predecessors. Whoever copies must read anew.
   */
  erase(tenant: TenantId, what: EraseFilter, limit: number): Promise<number>;
  /** Removes the days that were over at this time; gives how many. */
  expire(beforeMs: number): Promise<number>;
}
