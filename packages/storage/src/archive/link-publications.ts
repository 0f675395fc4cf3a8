import { UNKNOWN_PREV_SEQ } from './archive-store.ts';
import type { ArchiveBatch, ArchivedPublication } from './archive-store.ts';

/** A publication whose predecessor is known, or known to be unknown. */
export interface LinkedPublication extends ArchivedPublication {
  readonly prevSeq: number;
}

/** The key of a channel in one epoch. */
export function chainKey({
  address: { tenant, room, channel },
  epoch,
}: Pick<ArchivedPublication, 'address' | 'epoch'>): string {
  return `${tenant}/${room}:${channel}/${epoch}`;
}

/**
 * Finds the predecessor of each publication: the last one of its channel that was archived, unless something was missing
 * since. `lastSeqs` tells it where the batch does not, by {@link chainKey}.
 */
export function linkPublications(
  { publications, gaps, from }: ArchiveBatch,
  lastSeqs: ReadonlyMap<string, number>,
): readonly LinkedPublication[] {
  const known = new Map(lastSeqs);
  let gapSeq = from.gapSeq;
  let next = 0;
  return publications.map((publication) => {
    const { seq } = publication;
    for (let gap = gaps[next]; gap !== undefined && gap <= seq; gap = gaps[next]) {
      gapSeq = gap;
      next += 1;
    }
    const key = chainKey(publication);
    const lastSeq = known.get(key) ?? 0;
    known.set(key, seq);
    const derived = lastSeq < gapSeq ? UNKNOWN_PREV_SEQ : lastSeq;
    return { ...publication, prevSeq: publication.prevSeq ?? derived };
  });
}

/** Behind which sequence nothing is known to be missing once the batch is added. */
export function gapSeqAfter({ gaps, from }: ArchiveBatch): number {
  return gaps.at(-1) ?? from.gapSeq;
}

/** A publication that is taken out, by its channel's {@link chainKey}. */
export interface ErasedLink {
  readonly chain: string;
  readonly seq: number;
  readonly prevSeq: number;
}

/** In place of a predecessor that was taken out: the one before it that was not, `prevSeq` as it was. */
export function predecessorsWithout(erased: readonly ErasedLink[]): ReadonlyMap<ErasedLink, number> {
  const byPlace = new Map(erased.map((link) => [`${link.chain} ${link.seq}`, link]));
  const roots = new Map<ErasedLink, number>();
  for (const link of erased.toSorted((one, other) => one.seq - other.seq)) {
    const before = byPlace.get(`${link.chain} ${link.prevSeq}`);
    roots.set(link, before === undefined ? link.prevSeq : (roots.get(before) ?? before.prevSeq));
  }
  return roots;
}
