import type { TenantId } from '@arqonbus/protocol';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { ChannelAddress, HeldChannel, LogEntry, ReadRange, Spine } from '@arqonbus/spine';

/** What one request may ask for. */
const MAX_PAGE = 1_000;

/**
 * Reads what a Brain has archived of a channel in one epoch (LOG-15), page by page until the limit. Throws `UNAVAILABLE`
 * where no Brain or its archive answers.
 */
export async function readArchive(
  spine: Spine,
  address: ChannelAddress,
  epoch: string,
  { afterSeq = 0, beforeSeq = 0, sinceMs = 0, untilMs = 0, order, limit }: ReadRange,
): Promise<readonly LogEntry[]> {
  const newestFirst = order === 'newest';
  const found: LogEntry[] = [];
  let [after, before] = [afterSeq, beforeSeq];
  while (found.length < limit) {
    const request = {
      ...address,
      epoch,
      afterSeq: BigInt(after),
      beforeSeq: BigInt(before),
      sinceMs: BigInt(Math.max(0, sinceMs)),
      untilMs: BigInt(untilMs),
      newestFirst,
      limit: Math.min(limit - found.length, MAX_PAGE),
    };
    const { entries, nextSeq } = await callBrain(spine, 'archive.read', request, deadlineIn(BRAIN_TIMEOUT_MS));
    for (const { seq, prevSeq, timestampMs, data } of entries) {
      found.push({ seq: Number(seq), prevSeq: Number(prevSeq), timestampMs: Number(timestampMs), data });
    }
    if (nextSeq === 0n) break;
    if (newestFirst) before = Number(nextSeq);
    else after = Number(nextSeq);
  }
  return found;
}

/** A numbering of a channel that Brains have archived something of. */
export interface ArchivedEpoch {
  readonly epoch: string;
  /** When its first and its last publication were stored, ms since the Unix epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** The archived epochs of a channel, oldest first. */
export async function listEpochs(spine: Spine, address: ChannelAddress): Promise<readonly ArchivedEpoch[]> {
  const { epochs } = await callBrain(spine, 'archive.epochs', address, deadlineIn(BRAIN_TIMEOUT_MS));
  return epochs.map(({ epoch, firstMs, lastMs }) => ({ epoch, firstMs: Number(firstMs), lastMs: Number(lastMs) }));
}

/** The channels of a room that Brains have archived something of, in each of their epochs. */
export async function listArchive(spine: Spine, tenant: TenantId, room: string): Promise<readonly HeldChannel[]> {
  const { channels } = await callBrain(spine, 'archive.channels', { tenant, room }, deadlineIn(BRAIN_TIMEOUT_MS));
  return channels.map(({ channel, epoch }) => ({ channel, epoch }));
}
