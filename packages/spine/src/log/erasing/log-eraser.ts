import type { EraseFilter, TenantId } from '@arqonbus/protocol';

/** What became of one step of an erasure. */
export interface ErasureStep {
  /** Publications that it took out. */
  readonly erased: number;
  /** Nothing that is to be erased is left in this part. */
  readonly isDone: boolean;
}

/** A part of a log that holds something of a tenant. */
export interface ErasurePart {
  /** The stream that it is; empty = this log has none. */
  readonly stream: string;
  /**
   * Below this sequence the part may have dropped publications of channels that are about to become shorter: from then on their
   * number proves nothing of what came before (LOG-9). 0 = of none.
   */
  readonly cutSeq: number;
  /** How long the part keeps publications, ms. */
  readonly maxAgeMs: number;
  /** Takes some publications out, from the oldest on. To do it twice does no harm. */
  step(): Promise<ErasureStep>;
}

/**
 * Takes publications out of the log for good (LOG-15). Those that remain stay where they are, and to their readers it is as if
 * the others had never been: what is erased is no gap.
 */
export interface LogEraser {
  /**
   * The parts in which there may be something to erase, of all layouts that are remembered. Throws `FEATURE_DISABLED` where one
   * of them cannot give up single publications, and `UNAVAILABLE`.
   */
  parts(tenant: TenantId, what: EraseFilter): Promise<readonly ErasurePart[]>;
}

/** Where there is no log to erase from. */
export const noLogEraser: LogEraser = { parts: () => Promise.resolve([]) };
