import { randomUUID } from 'node:crypto';
import type { TenantId } from '@arqonbus/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelAddress, ChannelLog } from '../channel-log.ts';
import type { FeedEntry, FeedPage, LogFeed } from './log-feed.ts';

/** A log whose rules give the room `kept` an archived profile of 20 messages, and no other room. */
export interface FeedFixture {
  readonly log: ChannelLog;
  readonly feed: LogFeed;
  close(): Promise<void>;
}

/** What every feed of a log does (LOG-15). */
export function describeLogFeed(name: string, open: () => Promise<FeedFixture>): void {
  describe(`LogFeed: ${name}`, () => {
    let fixture: FeedFixture;
    let kept: ChannelAddress;
    let source: string;
    let incarnation: string;
    let startSeq: number;
    let ids = 0;

    const append = async (address: ChannelAddress, text = 'text', user = 'ada lovelace'): Promise<number> => {
      const data = new TextEncoder().encode(text);
      return (await fixture.log.append({ address, data, user, id: `arq_feed${String(ids++).padStart(6, '0')}` })).seq;
    };
    const read = (afterSeq: number, limit = 100, maxBytes = 1_048_576): Promise<FeedPage> =>
      fixture.feed.read(source, incarnation, afterSeq, { limit, maxBytes });
    const seqs = ({ entries }: FeedPage): readonly number[] => entries.map(({ seq }) => seq);

    beforeEach(async () => {
      fixture = await open();
      kept = { tenant: `t.${randomUUID()}` as TenantId, room: 'kept', channel: 'a.b' };
      [source = ''] = fixture.feed.sources();
      incarnation = await fixture.feed.incarnation(source);
      startSeq = await append(kept, 'before');
    });
    afterEach(() => fixture.close());

    it('[LOG-15] gives what archived channels hold, in one order, with channel, epoch, user and time, and nothing of others', async () => {
      const foreign = { ...kept, tenant: `${kept.tenant}x` as TenantId, channel: '*' };
      const appended = [await append(kept, 'one', "o'hara="), await append(foreign, 'two')];
      await append({ ...kept, room: 'other' }, 'not archived');
      const { entries, endSeq, lastSeq, missing } = await read(startSeq);
      const { epoch } = await fixture.log.position(kept);
      const data = (text: string): Uint8Array => new TextEncoder().encode(text);
      expect(
        entries.map((entry: FeedEntry) => ({ ...entry, prevSeq: 0, timestampMs: 0, data: [...entry.data] })),
      ).toEqual([
        { address: kept, epoch, seq: appended[0], prevSeq: 0, timestampMs: 0, user: "o'hara=", data: [...data('one')] },
        {
          address: foreign,
          epoch,
          seq: appended[1],
          prevSeq: 0,
          timestampMs: 0,
          user: 'ada lovelace',
          data: [...data('two')],
        },
      ]);
      expect(entries.every(({ timestampMs }) => timestampMs > 1_700_000_000_000)).toBe(true);
      expect([endSeq, missing]).toEqual([lastSeq, 0]);
      expect(await read(endSeq)).toMatchObject({ entries: [], endSeq, lastSeq: endSeq });
    });

    it('[LOG-15] reads in pages, bounded in entries and bytes, that together are all', async () => {
      const appended: number[] = [];
      for (let n = 0; n < 12; n++) appended.push(await append(kept, 'x'.repeat(100)));
      for (const [limit, maxBytes] of [
        [5, 1_048_576],
        [100, 250],
      ] as const) {
        const found: number[] = [];
        let afterSeq = startSeq;
        for (let page = await read(afterSeq, limit, maxBytes); ; page = await read(afterSeq, limit, maxBytes)) {
          expect(page.entries.length).toBeLessThanOrEqual(5);
          found.push(...seqs(page));
          afterSeq = page.endSeq;
          if (page.endSeq === page.lastSeq) break;
        }
        expect(found).toEqual(appended);
      }
    });

    it('[LOG-15] [LOG-3] tells what was gone before it was read', async () => {
      const dropped: number[] = [];
      for (let n = 0; n < 30; n++) dropped.push(await append(kept));
      const page = await read(startSeq);
      expect(page.missing).toBeGreaterThan(5);
      // Told by the predecessor, or by where something is missing.
      const [first] = page.entries;
      expect(first?.seq).toBeGreaterThan(startSeq + 1);
      expect(first?.prevSeq === undefined ? page.gaps[0] : first.prevSeq + 1).toBe(first?.seq);
    });

    it('[LOG-4] [LOG-15] gives nothing of another incarnation, and nothing behind a position that is not reached', async () => {
      const limits = { limit: 10, maxBytes: 1_000 };
      await expect(fixture.feed.read(source, 'another', 0, limits)).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(read(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'CONFLICT' });
    });
  });
}
