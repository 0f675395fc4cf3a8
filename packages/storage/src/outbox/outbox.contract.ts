import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NewOutboxRow } from './memory-outbox.ts';
import type { Outbox, OutboxEnd, OutboxRow, OutboxSession, OutboxWanted } from './outbox.ts';

/** An outbox, with what the application that it belongs to does. */
export interface OutboxRig {
  readonly outbox: Outbox;
  readonly insert: (row: NewOutboxRow) => Promise<void>;
  /** What became of all rows, by their order. */
  readonly states: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

const ALL: OutboxWanted = { maxRows: 100, maxBytes: 10_000, maxPayloadBytes: 1_000, withoutChannels: [] };

/** What every {@link Outbox} does (ARC-7). */
export function describeOutbox(name: string, open: () => Promise<OutboxRig>): void {
  describe(`Outbox: ${name}`, () => {
    let rig: OutboxRig;
    let sessions: OutboxSession[];
    beforeEach(async () => {
      [rig, sessions] = [await open(), []];
    });
    afterEach(async () => {
      for (const session of sessions) await session.close();
      await rig.close();
    });

    const openSession = async (onNews = (): void => undefined): Promise<OutboxSession> => {
      const session = await rig.outbox.open(onNews);
      sessions.push(session);
      return session;
    };
    const takeTurn = async (): Promise<OutboxSession> => {
      const session = await openSession();
      expect(await session.take()).toBe(true);
      return session;
    };
    const insert = async (...rows: readonly (readonly [string, unknown])[]): Promise<void> => {
      for (const [channel, payload] of rows) await rig.insert({ channel, payload: JSON.stringify(payload) });
    };
    const ends = (rows: readonly OutboxRow[], state: 'published' | 'tried'): readonly OutboxEnd[] =>
      rows.map(({ rowId }) => ({ rowId, state }));
    const payloads = (rows: readonly OutboxRow[]): readonly unknown[] => rows.map(({ payload }) => payload);

    it('[BRG-1] gives rows in their order, as they were written, until they are published', async () => {
      const session = await takeTurn();
      await rig.insert({ channel: 'shop:orders', payload: '{"n": 12345678901234567890.10}', headers: '{"kind":"é"}' });
      await rig.insert({ channel: 'shop:*', payload: 'null', messageId: 'arq_order_4711' });
      const rows = await session.next(ALL);
      expect(rows).toMatchObject([
        {
          channel: 'shop:orders',
          payload: '{"n": 12345678901234567890.10}',
          headers: '{"kind":"é"}',
          triedMs: undefined,
        },
        { channel: 'shop:*', payload: 'null', headers: undefined, messageId: 'arq_order_4711' },
      ]);
      expect(rows[0]?.messageId).toMatch(/^arq_[A-Za-z0-9_-]{6,80}$/);
      await session.settle(ends(rows.slice(0, 1), 'published'), false);
      expect(payloads(await session.next(ALL))).toEqual(['null']);
      expect(await rig.states()).toEqual(['waiting']);
    });

    it('[PRD-5] gives no more than was asked for, in rows and bytes, and leaves out what is too large', async () => {
      const session = await takeTurn();
      await insert(['a:a', 'x'.repeat(20)], ['a:a', 'y'.repeat(2_000)], ['a:a', 'z'.repeat(20)], ['a:a', 4]);
      expect(payloads(await session.next({ ...ALL, maxRows: 2 }))).toEqual([`"${'x'.repeat(20)}"`, undefined]);
      expect(await session.next({ ...ALL, maxBytes: 30 })).toHaveLength(2);
      expect(await session.next({ ...ALL, maxBytes: 10 })).toHaveLength(1);
    });

    it('[PRT-19] leaves channels out that have to wait, and no others', async () => {
      const session = await takeTurn();
      await insert(['a:a', 1], ['a:b', 2], ['a:a', 3], ['a:c', 4]);
      expect(payloads(await session.next({ ...ALL, withoutChannels: ['a:a', 'a:c'] }))).toEqual(['2']);
    });

    it('[ARC-3] is worked by one at a time, and by another as soon as that one is gone', async () => {
      const [first, second] = [await takeTurn(), await openSession()];
      expect(await first.take()).toBe(true);
      expect(await second.take()).toBe(false);
      await first.close();
      await expect.poll(() => second.take()).toBe(true);
    });

    it('[LOG-5] says for how long a row has been tried that nobody knows the end of', async () => {
      const first = await takeTurn();
      await insert(['a:a', 1], ['a:a', 2]);
      await first.next({ ...ALL, maxRows: 1 });
      await first.close();
      const second = await takeTurn();
      const rows = await second.next(ALL);
      expect(rows.map(({ triedMs }) => typeof triedMs)).toEqual(['number', 'undefined']);
      await second.settle(ends(rows, 'tried'), false);
      const again = await second.next(ALL);
      expect(again.map(({ triedMs }) => typeof triedMs)).toEqual(['number', 'number']);
    });

    it('[BRG-1] sets refused rows aside, with the reason, and goes on with the others', async () => {
      const session = await takeTurn();
      await insert(['a:a', 1], ['a:a', 2]);
      const [first] = await session.next(ALL);
      await session.settle(
        [{ rowId: first?.rowId ?? '', state: 'refused', code: 'SCHEMA_VIOLATION', text: 'no\0: "ü"' }],
        false,
      );
      expect(payloads(await session.next(ALL))).toEqual(['2']);
      expect(await rig.states()).toEqual(['SCHEMA_VIOLATION', 'waiting']);
      expect(await session.figures()).toMatchObject({ waiting: 1, refused: 1, oldestMs: expect.any(Number) });
    });

    it('[PRD-5] keeps what is published where that is wanted, and lets it go in its time', async () => {
      const session = await takeTurn();
      await insert(['a:a', 1]);
      await session.settle(ends(await session.next(ALL), 'published'), true);
      expect(await session.next(ALL)).toEqual([]);
      expect(await rig.states()).toEqual(['published']);
      expect(await session.tidy(60_000)).toBe(0);
      await expect.poll(() => session.tidy(0)).toBe(1);
      expect(await rig.states()).toEqual([]);
      expect(await session.figures()).toEqual({ waiting: 0, oldestMs: 0, refused: 0 });
    });

    it('[BRG-1] tells of new rows at once', async () => {
      let news = 0;
      await openSession(() => (news += 1));
      await insert(['a:a', 1]);
      await expect.poll(() => news).toBeGreaterThan(0);
    });
  });
}
