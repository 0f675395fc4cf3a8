import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import type { WorkTaker } from '../work/work-queue.ts';
import type { EpisodeItem, EpisodeStream } from './episode-stream.ts';

/** Opens a stream with nothing in it. Two that are open at once are the same one; `close` ends what was opened. */
export type OpenTestStream = () => Promise<{
  readonly near: EpisodeStream;
  readonly far: EpisodeStream;
  close(): Promise<void>;
}>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = ({ data }: { readonly data: Uint8Array }): string => new TextDecoder().decode(data);
const PATIENCE_MS = 8_000;

/** What every {@link EpisodeStream} does (ARC-7). What is not ended in time comes again within a second or so. */
export function describeEpisodeStream(name: string, open: OpenTestStream): void {
  describe(`EpisodeStream: ${name}`, () => {
    let stream: Awaited<ReturnType<OpenTestStream>>;
    let acme: TenantId;
    let globex: TenantId;
    const takers: WorkTaker[] = [];

    beforeEach(async () => {
      stream = await open();
      acme = `t.${randomUUID()}` as TenantId;
      globex = `t.${randomUUID()}` as TenantId;
    });

    afterEach(async () => {
      for (const taker of takers.splice(0)) taker.stop();
      await stream.close();
    });

    const add = (text: string, tenant = acme, id: string = randomUUID()): Promise<void> =>
      stream.near.add({ tenant, id, data: bytes(text) });

    async function take(on: EpisodeStream, maxInHand = 100): Promise<EpisodeItem[]> {
      const items: EpisodeItem[] = [];
      const onItem = (item: EpisodeItem): void => void items.push(item);
      takers.push(await on.take({ maxInHand, onItem, onEnded: () => undefined }));
      return items;
    }

    const until = (items: readonly EpisodeItem[], texts: readonly string[]): Promise<void> =>
      vi.waitFor(() => expect(items.map(textOf)).toEqual(texts), PATIENCE_MS);

    it('[CTM-1] hands out each event once, of all tenants, and keeps it when it is done', async () => {
      const id = randomUUID();
      await add('one', acme, id);
      await add('one again', acme, id);
      await add('theirs \u{1f680}', globex, id);
      const items = await take(stream.far);
      await until(items, ['one', 'theirs \u{1f680}']);
      expect(items.map(({ tenant }) => tenant)).toEqual([acme, globex]);
      for (const item of items) item.ack();
      await vi.waitFor(async () => expect((await stream.near.backlog()).waiting).toBe(0), PATIENCE_MS);
      const page = await stream.near.read(acme, { afterSeq: 0, limit: 9, maxBytes: 1_000 });
      expect([page.events.map(textOf), page.isAll]).toEqual([['one'], true]);
      expect(page.events[0]).toMatchObject({ tenant: acme, seq: items[0]?.seq, atMs: items[0]?.atMs });
    });

    it('[CTM-2] [BRN-1] shares what is to be done, and gives to others what somebody did not end', async () => {
      const first = await take(stream.near, 2);
      for (let n = 0; n < 2; n += 1) await add(`a${n}`);
      await until(first, ['a0', 'a1']);
      takers.splice(0)[0]?.stop();
      const second = await take(stream.far);
      await vi.waitFor(() => expect(new Set(second.map(textOf))).toEqual(new Set(['a0', 'a1'])), PATIENCE_MS);
      for (const item of second) item.ack();
      await vi.waitFor(async () => expect((await stream.far.backlog()).waiting).toBe(0), PATIENCE_MS);
    });

    it('[CTM-4] gives again what is put off, and tells since when the oldest of a tenant waits', async () => {
      expect(await stream.near.backlog(acme)).toEqual({ waiting: 0, oldestAtMs: undefined });
      const items = await take(stream.near);
      await add('one');
      await add('two');
      await until(items, ['one', 'two']);
      const [oldest] = (await stream.near.read(acme, { afterSeq: 0, limit: 1, maxBytes: 99 })).events;
      expect(await stream.near.backlog(acme)).toEqual({ waiting: 2, oldestAtMs: oldest?.atMs });
      expect((await stream.near.backlog(globex)).oldestAtMs).toBeUndefined();
      items[1]?.ack();
      items[0]?.nak(20);
      await vi.waitFor(() => expect(items.map(textOf).slice(2)).toEqual(['one']), PATIENCE_MS);
      items[2]?.ack();
      const none = { waiting: 0, oldestAtMs: undefined };
      await vi.waitFor(async () => expect(await stream.far.backlog(acme)).toEqual(none), PATIENCE_MS);
    });

    it('[CTM-3] [PRD-4] reads the events of one tenant, page by page', async () => {
      for (const text of ['one', 'two', 'three']) {
        await add(text);
        await add('theirs', globex);
      }
      const range = { afterSeq: 0, limit: 2, maxBytes: 1_000 };
      const first = await stream.far.read(acme, range);
      expect([first.events.map(textOf), first.isAll]).toEqual([['one', 'two'], false]);
      const next = await stream.far.read(acme, { ...range, afterSeq: first.events[1]?.seq ?? 0 });
      expect([next.events.map(textOf), next.isAll]).toEqual([['three'], true]);
      const small = await stream.far.read(acme, { ...range, maxBytes: 1 });
      expect([small.events.map(textOf), small.isAll]).toEqual([['one'], false]);
      const end = await stream.far.read(acme, { ...range, afterSeq: next.events[0]?.seq ?? 0 });
      expect(end).toEqual({ events: [], isAll: true });
      expect(await stream.far.read(`${acme}x` as TenantId, range)).toEqual({ events: [], isAll: true });
    });
  });
}
