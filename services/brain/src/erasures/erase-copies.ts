import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { ErasurePart, LogEraser } from '@arqonbus/spine';
import type { ArchiveStore } from '@arqonbus/storage';
import type { ErasingStream } from '../log/stream-erasing.ts';

/** What an erasure has taken out. */
export interface ErasedCounts {
  erased: number;
  archiveErased: number;
}

/** What erasing all copies needs. */
export interface EraseCopiesOptions {
  readonly eraser: LogEraser;
  readonly archive: Pick<ArchiveStore, 'erase'>;
  /** Brings the archive up to the log, as far as that goes now. Never rejects. */
  readonly archiveNow: () => Promise<void>;
  /** Told before a stream loses anything, and once it loses nothing more. */
  readonly beginErasing: (erasing: ErasingStream) => Promise<void>;
  readonly endErasing: (erasing: ErasingStream) => Promise<void>;
  /** Told, before anything is erased, below which sequence which stream may have dropped messages. */
  readonly onCut: (cutSeqs: Readonly<Record<string, number>>) => Promise<void>;
}

/** Rows of the archive that one transaction deletes. */
const ARCHIVE_ROWS = 1_000;
/** A copy of a stream that lags may not have told of the last messages at first. */
const MAX_PASSES = 3;

/**
 * Erases from the log, then from the archive: what somebody has read of the log before is refused by the archive from then on,
 * so nothing comes back (LOG-15). `counts` grows on the way. To do it again does no harm. Rejects with `UNAVAILABLE`.
 */
export async function eraseCopies(
  { tenant, erasureId, what }: { readonly tenant: TenantId; readonly erasureId: string; readonly what: EraseFilter },
  counts: ErasedCounts,
  options: EraseCopiesOptions,
): Promise<void> {
  const { eraser, archive, archiveNow, onCut } = options;
  // What is erased before it was copied would be a hole in the archive, for all channels of its stream.
  await archiveNow();
  const parts = await eraser.parts(tenant, what);
  await onCut(
    Object.fromEntries(parts.filter(({ cutSeq }) => cutSeq > 0).map(({ stream, cutSeq }) => [stream, cutSeq])),
  );
  const streams = parts
    .filter(({ stream }) => stream !== '')
    .map(({ stream, maxAgeMs }) => ({ stream, maxAgeMs, erasureId }));
  for (const stream of streams) await options.beginErasing(stream);
  counts.erased += await erasePasses(parts, () => eraser.parts(tenant, what));
  for (const stream of streams) await options.endErasing(stream);
  let rows = 0;
  do {
    rows = await archive.erase(tenant, what, ARCHIVE_ROWS);
    counts.archiveErased += rows;
  } while (rows === ARCHIVE_ROWS);
}

async function erasePasses(
  first: readonly ErasurePart[],
  lookAgain: () => Promise<readonly ErasurePart[]>,
): Promise<number> {
  let erased = 0;
  let parts = first;
  for (let pass = 1; parts.length > 0; pass += 1) {
    const found = await eraseAll(parts);
    erased += found;
    if (found === 0 || pass === MAX_PASSES) break;
    parts = await lookAgain();
  }
  return erased;
}

async function eraseAll(parts: readonly ErasurePart[]): Promise<number> {
  let erased = 0;
  for (const part of parts) {
    for (let isDone = false; !isDone;) {
      const step = await part.step();
      erased += step.erased;
      ({ isDone } = step);
    }
  }
  return erased;
}
