import { BusError, isPrintable } from '@arqonbus/protocol';
import type { ChannelAddress, ChannelLog, LogPosition, ReadRange, Spine } from '@arqonbus/spine';
import { listEpochs, readArchive } from './read-archive.ts';
import type { ArchivedEpoch } from './read-archive.ts';

/** Times that somebody looks at, by when publications were stored; [since, until). */
export type EpochWindow = Pick<ReadRange, 'sinceMs' | 'untilMs'>;

/** What `history` and replays read of a channel, in one numbering of it. */
export interface EpochRead {
  readonly log: Pick<ChannelLog, 'read' | 'position'>;
  /** The archive was asked and could not be read: what is older than the log may be missing. */
  readonly isIncomplete: () => boolean;
  /** The epoch before this one of which the archive holds something in a window; undefined = there is none. */
  earlierEpoch(address: ChannelAddress, epoch: string, window: EpochWindow): Promise<string | undefined>;
}

/**
 * Reads an epoch that is over (LOG-15): the log has none of it any more, so the archive is all there is. Throws `NOT_FOUND`
 * for one of which it holds nothing, and `UNAVAILABLE`.
 */
export function readEpoch(spine: Spine, epoch: string): EpochRead {
  if (!isPrintable(epoch)) throw noSuchEpoch();
  return {
    log: {
      read: (address, range) => readArchive(spine, address, epoch, range),
      position: (address) => positionIn(spine, address, epoch),
    },
    isIncomplete: () => false,
    earlierEpoch: async (address, than, window) => earlierIn(await listEpochs(spine, address), than, window),
  };
}

/** Of epochs in their order, the last one before another that holds something in a window. */
export function earlierIn(
  epochs: readonly ArchivedEpoch[],
  than: string,
  { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: EpochWindow,
): string | undefined {
  const place = epochs.findIndex(({ epoch }) => epoch === than);
  // Of a new one nothing may be archived yet.
  const earlier = place < 0 ? epochs : epochs.slice(0, place);
  return earlier.findLast(({ firstMs, lastMs }) => firstMs < untilMs && lastMs >= sinceMs)?.epoch;
}

async function positionIn(spine: Spine, address: ChannelAddress, epoch: string): Promise<LogPosition> {
  const [first] = await readArchive(spine, address, epoch, { limit: 1 });
  const [last] = first === undefined ? [] : await readArchive(spine, address, epoch, { limit: 1, order: 'newest' });
  if (first === undefined || last === undefined) throw noSuchEpoch();
  return { epoch, firstSeq: first.seq, lastSeq: last.seq, endSeq: last.seq, stream: '' };
}

function noSuchEpoch(): BusError {
  return new BusError('NOT_FOUND', 'The archive holds nothing of this epoch of the channel.');
}
