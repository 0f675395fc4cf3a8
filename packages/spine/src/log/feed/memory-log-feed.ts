import { BusError, isArchived } from '@arqonbus/protocol';
import { addressOf } from '../../subjects/subjects.ts';
import type { ChannelAddress } from '../channel-log.ts';
import type { StoredEntry } from '../memory/channel-ring.ts';
import type { FeedEntry, FeedPage, LogFeed } from './log-feed.ts';

/** What of a log in memory is read as a whole. */
export interface MemoryLogFeedParts {
  readonly epoch: string;
  readonly lastSeq: () => number;
  readonly entriesAfter: (seq: number) => Iterable<StoredEntry>;
  readonly epochOf: (generation: number) => string;
  readonly generationOf: (address: ChannelAddress) => number;
}

const SOURCE = 'memory';

/** The log of one process is one source. What a channel held before it moved to another profile is none of it. */
export function createMemoryLogFeed(parts: MemoryLogFeedParts): LogFeed {
  const { epoch, lastSeq, entriesAfter } = parts;
  return {
    sources: () => [SOURCE],
    incarnation: async () => epoch,
    read: async (_, incarnation, afterSeq, { limit, maxBytes }) => {
      if (incarnation !== epoch || lastSeq() < afterSeq) throw new BusError('CONFLICT');
      const entries: FeedEntry[] = [];
      let [bytes, seen, endSeq] = [0, 0, afterSeq];
      for (const stored of entriesAfter(afterSeq)) {
        if (entries.length >= limit || bytes >= maxBytes) return pageOf(entries, afterSeq, endSeq, seen, lastSeq());
        ({ seq: endSeq } = stored);
        seen += 1;
        const entry = toEntry(stored, parts);
        if (entry === undefined) continue;
        entries.push(entry);
        bytes += entry.data.length;
      }
      return pageOf(entries, afterSeq, lastSeq(), seen, lastSeq());
    },
  };
}

function pageOf(
  entries: readonly FeedEntry[],
  afterSeq: number,
  endSeq: number,
  seen: number,
  lastSeq: number,
): FeedPage {
  return { entries, endSeq, lastSeq, gaps: [], missing: endSeq - afterSeq - seen };
}

/** Undefined for what is not archived. */
function toEntry(
  { ring, seq, prevSeq, timestampMs, data, user }: StoredEntry,
  { epochOf, generationOf }: MemoryLogFeedParts,
): FeedEntry | undefined {
  const address = addressOf(ring.subject);
  if (address === undefined || !isArchived(ring.profile) || generationOf(address) !== ring.generation) return undefined;
  return { address, epoch: epochOf(ring.generation), seq, prevSeq, timestampMs, data, user };
}
