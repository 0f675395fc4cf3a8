import { BusError, isErased } from '@arqonbus/protocol';
import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { LogAddress } from '../valkey/log/log-keys.ts';
import type { EntryPage, PageRange } from '../valkey/log/log-store.ts';
import type { ArchiveBatch, ArchivePosition, ArchiveStore, ArchivedChannel, ArchivedEpoch } from './archive-store.ts';
import { chainKey, gapSeqAfter, linkPublications, predecessorsWithout } from './link-publications.ts';
import type { LinkedPublication } from './link-publications.ts';

/** What an archive in memory may take. */
export interface MemoryArchiveOptions {
  /** The oldest go first. Default 64 MiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 67_108_864;
const OVERHEAD_BYTES = 256;
const DAY_MS = 86_400_000;

/** An archive in the memory of this process: for development, and gone with it. */
export function createMemoryArchiveStore({ maxBytes = DEFAULT_MAX_BYTES }: MemoryArchiveOptions = {}): ArchiveStore {
  return new MemoryArchiveStore(maxBytes);
}

class MemoryArchiveStore implements ArchiveStore {
  readonly #maxBytes: number;
  readonly #positions = new Map<string, ArchivePosition>();
  /** In the order in which they were added, which is that of sequences within a channel. */
  #kept: readonly LinkedPublication[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async position(source: string, incarnation: string): Promise<ArchivePosition> {
    const key = sourceKey({ source, incarnation });
    const position = this.#positions.get(key) ?? NOWHERE;
    this.#positions.set(key, position);
    return position;
  }

  async add(batch: ArchiveBatch): Promise<ArchivePosition> {
    const { revision } = await this.position(batch.source, batch.incarnation);
    if (revision !== batch.from.revision) throw new BusError('CONFLICT');
    const position = { seq: batch.endSeq, gapSeq: gapSeqAfter(batch), revision: revision + 1 };
    this.#positions.set(sourceKey(batch), position);
    const lastSeqs = new Map(this.#kept.map((publication) => [chainKey(publication), publication.seq]));
    const added = linkPublications(batch, lastSeqs).filter(
      (publication) => publication.seq > (lastSeqs.get(chainKey(publication)) ?? 0),
    );
    this.#kept = within(this.#maxBytes, [...this.#kept, ...added]);
    return position;
  }

  async readPage(address: LogAddress, epoch: string, range: PageRange): Promise<EntryPage> {
    const key = chainKey({ address, epoch });
    return pageOf(
      this.#kept.filter((publication) => chainKey(publication) === key),
      range,
    );
  }

  async channels(tenant: TenantId, room: string, limit: number): Promise<readonly ArchivedChannel[]> {
    const own = this.#kept.filter(({ address }) => address.tenant === tenant && address.room === room);
    const byKey = new Map(own.map(({ address: { channel }, epoch }) => [`${channel}/${epoch}`, { channel, epoch }]));
    return [...byKey]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .slice(0, limit)
      .map(([, held]) => held);
  }

  async epochs({ tenant, room, channel }: LogAddress, limit: number): Promise<readonly ArchivedEpoch[]> {
    const spans = new Map<string, ArchivedEpoch>();
    for (const { address, epoch, timestampMs } of this.#kept) {
      if (address.tenant !== tenant || address.room !== room || address.channel !== channel) continue;
      const firstMs = spans.get(epoch)?.firstMs ?? timestampMs;
      spans.set(epoch, { epoch, firstMs, lastMs: timestampMs });
    }
    return [...spans.values()].toSorted(byBegin).slice(-limit);
  }

  async erase(tenant: TenantId, what: EraseFilter, limit: number): Promise<number> {
    for (const [key, position] of this.#positions) {
      this.#positions.set(key, { ...position, revision: position.revision + 1 });
    }
    const isOver = (publication: LinkedPublication): boolean =>
      publication.address.tenant === tenant && isErased(publication, what);
    const gone = new Set(this.#kept.filter(isOver).slice(0, limit));
    const links = [...gone].map((publication) => ({ chain: chainKey(publication), ...publication }));
    const roots = new Map([...predecessorsWithout(links)].map(([{ chain, seq }, root]) => [`${chain} ${seq}`, root]));
    this.#kept = this.#kept
      .filter((publication) => !gone.has(publication))
      .map((publication) => {
        const root = roots.get(`${chainKey(publication)} ${publication.prevSeq}`);
        return root === undefined ? publication : { ...publication, prevSeq: root };
      });
    return gone.size;
  }

  async expire(beforeMs: number): Promise<number> {
    const startMs = Math.floor(beforeMs / DAY_MS) * DAY_MS;
    const gone = this.#kept.filter(({ timestampMs }) => timestampMs < startMs);
    this.#kept = this.#kept.filter(({ timestampMs }) => timestampMs >= startMs);
    return new Set(gone.map(({ timestampMs }) => Math.floor(timestampMs / DAY_MS))).size;
  }
}

function byBegin(one: ArchivedEpoch, other: ArchivedEpoch): number {
  return one.firstMs - other.firstMs || (one.epoch < other.epoch ? -1 : 1);
}

/** The newest that fit. */
function within(maxBytes: number, all: readonly LinkedPublication[]): readonly LinkedPublication[] {
  let bytes = all.reduce((sum, publication) => sum + bytesOf(publication), 0);
  let first = 0;
  for (let oldest = all[0]; bytes > maxBytes && oldest !== undefined; oldest = all[first]) {
    bytes -= bytesOf(oldest);
    first += 1;
  }
  return all.slice(first);
}

const NOWHERE: ArchivePosition = { seq: 0, gapSeq: 0, revision: 0 };

function sourceKey({ source, incarnation }: Pick<ArchiveBatch, 'source' | 'incarnation'>): string {
  return `${source}/${incarnation}`;
}

function bytesOf({ data, user }: LinkedPublication): number {
  return data.length + user.length + OVERHEAD_BYTES;
}

function pageOf(own: readonly LinkedPublication[], range: PageRange): EntryPage {
  const { afterSeq = 0, beforeSeq = 0, sinceMs = 0, untilMs = 0, isNewestFirst, limit, maxBytes } = range;
  const isIn = ({ seq, timestampMs }: LinkedPublication): boolean =>
    seq > afterSeq &&
    (beforeSeq === 0 || seq < beforeSeq) &&
    timestampMs >= sinceMs &&
    (untilMs === 0 || timestampMs < untilMs);
  const found = own.filter(isIn);
  const entries: EntryPage['entries'][number][] = [];
  let bytes = 0;
  for (const { seq, prevSeq, timestampMs, data } of isNewestFirst ? found.toReversed() : found) {
    if (entries.length >= limit || bytes >= maxBytes) return { entries, nextSeq: entries.at(-1)?.seq ?? 0 };
    entries.push({ seq, prevSeq, timestampMs, data });
    bytes += data.length;
  }
  return { entries, nextSeq: 0 };
}
