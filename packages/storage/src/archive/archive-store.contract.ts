import type { TenantId } from '@arqonbus/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PageRange } from '../valkey/log/log-store.ts';
import type { ArchiveBatch, ArchivedPublication, ArchivePosition, ArchiveStore } from './archive-store.ts';
import { UNKNOWN_PREV_SEQ } from './archive-store.ts';

/** A store under test. */
export interface ArchiveFixture {
  readonly store: ArchiveStore;
  close(): Promise<void>;
}

/** Postgres as WebAssembly takes seconds to start, and many on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;
const DAY_MS = 86_400_000;
/** Shortly before midnight: what follows lies in two days. */
const START_MS = Date.UTC(2026, 4, 30, 23, 59, 59, 990);
const ALL: PageRange = { isNewestFirst: false, limit: 1_000, maxBytes: 1_048_576 };

/** What every archive does (ARC-7). */
export function describeArchiveStore(name: string, open: () => Promise<ArchiveFixture>): void {
  describe(`ArchiveStore: ${name}`, () => {
    let fixture: ArchiveFixture;
    let store: ArchiveStore;
    let used = 0;
    beforeAll(async () => {
      fixture = await open();
      store = fixture.store;
    }, OPEN_TIMEOUT_MS);
    afterAll(() => fixture.close());

    const nextSource = (): string => `LOG_kept_${++used}`;
    const nextTenant = (): TenantId => `archived.${++used}` as TenantId;
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const publication = (
      tenant: TenantId,
      seq: number,
      more: Partial<ArchivedPublication> = {},
    ): ArchivedPublication => ({
      address: { tenant, room: 'deep.space', channel: 'general' },
      epoch: 'e1',
      seq,
      prevSeq: undefined,
      timestampMs: START_MS + seq,
      user: seq % 2 === 0 ? 'ada lovelace' : "o'hara",
      data: bytes(`${tenant} ${seq} \u{1f680}`),
      ...more,
    });
    const start = (source: string): Promise<ArchivePosition> => store.position(source, 'i1');
    const add = async (
      source: string,
      publications: readonly ArchivedPublication[],
      more: Partial<ArchiveBatch> = {},
    ): Promise<ArchivePosition> =>
      store.add({
        source,
        incarnation: 'i1',
        from: await start(source),
        endSeq: publications.at(-1)?.seq ?? 0,
        gaps: [],
        publications,
        ...more,
      });
    const seqs = async (tenant: TenantId, range: Partial<PageRange> = {}, channel = 'general'): Promise<number[]> => {
      const address = { tenant, room: 'deep.space', channel };
      const { entries } = await store.readPage(address, 'e1', { ...ALL, ...range });
      return entries.map(({ seq }) => seq);
    };
    const many = (tenant: TenantId, from: number, to: number): ArchivedPublication[] =>
      Array.from({ length: to - from + 1 }, (_, index) => publication(tenant, from + index));

    it('[LOG-15] keeps what was added as it was, across days, and the position with it', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      expect(await start(source)).toMatchObject({ seq: 0, gapSeq: 0 });
      const position = await add(source, many(tenant, 1, 30), { endSeq: 40 });
      expect(position).toMatchObject({ seq: 40 });
      expect(await start(source)).toEqual(position);
      const { entries, nextSeq } = await store.readPage(publication(tenant, 1).address, 'e1', ALL);
      expect(nextSeq).toBe(0);
      expect(entries.map(({ seq, prevSeq, timestampMs, data }) => [seq, prevSeq, timestampMs, [...data]])).toEqual(
        many(tenant, 1, 30).map(({ seq, timestampMs, data }) => [seq, seq - 1, timestampMs, [...data]]),
      );
    });

    it('[LOG-15] [R-18] adds nothing twice, and nothing for who read behind another position', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      const from = await start(source);
      await add(source, many(tenant, 1, 3), { from });
      await expect(add(source, many(tenant, 1, 5), { from })).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await seqs(tenant)).toEqual([1, 2, 3]);
      // As after a restore of the position from an older copy.
      await add(nextSource(), [publication(tenant, 3, { data: bytes('forged') }), publication(tenant, 4)]);
      expect(await seqs(tenant)).toEqual([1, 2, 3, 4]);
      const { entries } = await store.readPage(publication(tenant, 1).address, 'e1', { ...ALL, afterSeq: 2, limit: 1 });
      expect(new TextDecoder().decode(entries[0]?.data)).toContain(tenant);
    });

    it('[LOG-15] keeps positions of incarnations apart, and channels in different epochs', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      await add(source, many(tenant, 1, 2));
      expect(await store.position(source, 'i2')).toMatchObject({ seq: 0 });
      const other = [publication(tenant, 1, { epoch: 'e2' })];
      await add(source, other, { incarnation: 'i2', from: await store.position(source, 'i2') });
      expect(await seqs(tenant)).toEqual([1, 2]);
      expect((await store.readPage(publication(tenant, 1).address, 'e2', ALL)).entries).toHaveLength(1);
      expect(await store.channels(tenant, 'deep.space', 10)).toEqual([
        { channel: 'general', epoch: 'e1' },
        { channel: 'general', epoch: 'e2' },
      ]);
    });

    it('[LOG-15] [LOG-4] tells the epochs of a channel by their beginnings, the newest where there are many', async () => {
      const [source, tenant, other] = [nextSource(), nextTenant(), nextTenant()];
      const { address } = publication(tenant, 1);
      await add(source, [publication(tenant, 5, { epoch: 'z' }), publication(tenant, 9, { epoch: 'z' })]);
      await add(nextSource(), [
        publication(tenant, 1, { epoch: 'a', timestampMs: START_MS + 20 }),
        publication(tenant, 2, { epoch: 'm', timestampMs: START_MS + 30 }),
        publication(tenant, 3, { epoch: 'q', address: { ...address, channel: 'elsewhere' } }),
        publication(other, 4, { epoch: 'f' }),
      ]);
      const z = { epoch: 'z', firstMs: START_MS + 5, lastMs: START_MS + 9 };
      const a = { epoch: 'a', firstMs: START_MS + 20, lastMs: START_MS + 20 };
      const m = { epoch: 'm', firstMs: START_MS + 30, lastMs: START_MS + 30 };
      expect(await store.epochs(address, 10)).toEqual([z, a, m]);
      expect(await store.epochs(address, 2)).toEqual([a, m]);
      expect(await store.epochs({ ...address, channel: 'none' }, 10)).toEqual([]);
    });

    it('[LOG-15] [LOG-1] reads between exclusive bounds and times, from either end, in pages', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      await add(source, many(tenant, 1, 20));
      expect(await seqs(tenant, { afterSeq: 5, beforeSeq: 9 })).toEqual([6, 7, 8]);
      expect(await seqs(tenant, { isNewestFirst: true, limit: 3 })).toEqual([20, 19, 18]);
      expect(await seqs(tenant, { isNewestFirst: true, beforeSeq: 3 })).toEqual([2, 1]);
      expect(await seqs(tenant, { sinceMs: START_MS + 8, untilMs: START_MS + 12 })).toEqual([8, 9, 10, 11]);
      const { address } = publication(tenant, 1);
      for (const isNewestFirst of [false, true]) {
        const read: number[] = [];
        let nextSeq = 0;
        do {
          const from = nextSeq === 0 ? {} : isNewestFirst ? { beforeSeq: nextSeq } : { afterSeq: nextSeq };
          const page = await store.readPage(address, 'e1', { ...ALL, ...from, isNewestFirst, maxBytes: 60 });
          expect(page.entries.length).toBeLessThan(20);
          read.push(...page.entries.map(({ seq }) => seq));
          ({ nextSeq } = page);
        } while (nextSeq > 0);
        const all = many(tenant, 1, 20).map(({ seq }) => seq);
        expect(read).toEqual(isNewestFirst ? all.toReversed() : all);
      }
    });

    it('[LOG-3] names the one before, also of another batch; unknown where something was missing; or what it was told', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      const elsewhere = { address: { tenant, room: 'deep.space', channel: 'a.b' } };
      await add(source, [publication(tenant, 3), publication(tenant, 4, elsewhere), publication(tenant, 5)]);
      await add(source, [publication(tenant, 6), publication(tenant, 9), publication(tenant, 10)], { gaps: [9] });
      await add(source, [publication(tenant, 11, elsewhere), publication(tenant, 12, { prevSeq: 7 })]);
      const prevSeqs = async (channel: string): Promise<number[][]> => {
        const { entries } = await store.readPage({ tenant, room: 'deep.space', channel }, 'e1', ALL);
        return entries.map(({ seq, prevSeq }) => [seq, prevSeq]);
      };
      expect(await prevSeqs('general')).toEqual([
        [3, 0],
        [5, 3],
        [6, 5],
        [9, UNKNOWN_PREV_SEQ],
        [10, 9],
        [12, 7],
      ]);
      expect(await prevSeqs('a.b')).toEqual([
        [4, 0],
        [11, UNKNOWN_PREV_SEQ],
      ]);
    });

    it('[PRD-4] [T-04] keeps tenants apart that share a source, in every way to look', async () => {
      const [source, one, other] = [nextSource(), nextTenant(), nextTenant()];
      await add(source, [publication(one, 1), publication(other, 2), publication(one, 3)]);
      expect([await seqs(one), await seqs(other)]).toEqual([[1, 3], [2]]);
      expect(await store.channels(nextTenant(), 'deep.space', 10)).toEqual([]);
      expect(await store.erase(other, {}, 100)).toBe(1);
      expect([await seqs(one), await seqs(other)]).toEqual([[1, 3], []]);
    });

    it('[LOG-15] erases by room, channel, user and time, some at once, and makes who copies read anew', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      const from = await add(source, [
        ...many(tenant, 1, 6),
        publication(tenant, 7, { address: { tenant, room: 'deep.space', channel: 'a.b' } }),
        publication(tenant, 8, { address: { tenant, room: 'lab', channel: 'general' } }),
      ]);
      expect(await store.erase(tenant, { user: 'ada lovelace', beforeMs: START_MS + 6 }, 1)).toBe(1);
      expect(await store.erase(tenant, { user: 'ada lovelace', beforeMs: START_MS + 6 }, 9)).toBe(1);
      expect(await seqs(tenant)).toEqual([1, 3, 5, 6]);
      expect(await store.erase(tenant, { room: 'deep.space', channel: 'a.b' }, 9)).toBe(1);
      expect(await seqs(tenant)).toEqual([1, 3, 5, 6]);
      expect(await store.erase(tenant, { room: 'deep.space' }, 9)).toBe(4);
      await expect(add(source, many(tenant, 1, 9), { from })).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await store.channels(tenant, 'deep.space', 9)).toEqual([]);
      expect(await store.channels(tenant, 'lab', 9)).toHaveLength(1);
    });

    it('[LOG-15] links what follows to what is before, as if what was erased had never been there', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      await add(source, [
        ...many(tenant, 1, 6),
        publication(tenant, 8, { prevSeq: UNKNOWN_PREV_SEQ }),
        publication(tenant, 9),
      ]);
      const chain = async (): Promise<number[][]> => {
        const { entries } = await store.readPage(publication(tenant, 1).address, 'e1', ALL);
        return entries.map(({ seq, prevSeq }) => [prevSeq, seq]);
      };
      const before = (count: number) => ({ beforeMs: START_MS + count + 1 });
      expect(await store.erase(tenant, { user: 'ada lovelace', ...before(4) }, 9)).toBe(2);
      expect(await chain()).toEqual([
        [0, 1],
        [1, 3],
        [3, 5],
        [5, 6],
        [UNKNOWN_PREV_SEQ, 8],
        [8, 9],
      ]);
      // In small parts, and what nobody knows stays unknown.
      for (let erased = 1; erased > 0;) erased = await store.erase(tenant, before(8), 2);
      expect(await chain()).toEqual([[UNKNOWN_PREV_SEQ, 9]]);
      await add(source, [publication(tenant, 10)]);
      expect(await chain()).toEqual([
        [UNKNOWN_PREV_SEQ, 9],
        [9, 10],
      ]);
    });

    it('[LOG-15] lets nobody add what was read before anything was archived, and erased since', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      const from = await start(source);
      expect(await store.erase(tenant, {}, 9)).toBe(0);
      await expect(add(source, many(tenant, 1, 2), { from })).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(await seqs(tenant)).toEqual([]);
    });

    it('[LOG-15] removes whole days', async () => {
      const [source, tenant] = [nextSource(), nextTenant()];
      const old = START_MS - 10_000 * DAY_MS;
      await add(source, [
        publication(tenant, 1, { timestampMs: old }),
        publication(tenant, 2, { timestampMs: old + DAY_MS }),
        publication(tenant, 3, { timestampMs: old + 2 * DAY_MS }),
      ]);
      expect(await store.expire(old + DAY_MS)).toBe(1);
      expect(await seqs(tenant)).toEqual([2, 3]);
      expect(await store.expire(old + 2 * DAY_MS)).toBe(1);
      expect(await store.expire(old + 2 * DAY_MS)).toBe(0);
      expect(await seqs(tenant)).toEqual([3]);
      // A day that comes again is made again.
      await add(source, [publication(tenant, 4, { timestampMs: old })]);
      expect(await seqs(tenant)).toEqual([3, 4]);
    });
  });
}
