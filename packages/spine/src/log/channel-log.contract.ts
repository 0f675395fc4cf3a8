import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import type { Spine, SpineMessage } from '../spine.ts';
import { channelOut } from '../subjects/subjects.ts';
import { UNKNOWN_SEQ } from './channel-log.ts';
import type { Appended, ChannelAddress, ChannelLog, LogEntry } from './channel-log.ts';

/** A log under test, whose rules give the room `state` a profile of class `state`, all others the profile of `kept`. */
export interface LogFixture {
  readonly log: ChannelLog;
  /** Where the log delivers. */
  readonly spine: Spine;
  /** Entries that an ordinary channel keeps; 10 to 50. */
  readonly kept: number;
  close(): Promise<void>;
}

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const string = ({ data }: LogEntry | SpineMessage): string => new TextDecoder().decode(data);

/** What every channel log does (LOG-1). */
export function describeChannelLog(name: string, open: () => Promise<LogFixture>): void {
  describe(`ChannelLog: ${name}`, () => {
    let fixture: LogFixture;
    let log: ChannelLog;
    let general: ChannelAddress;

    beforeEach(async () => {
      fixture = await open();
      log = fixture.log;
      general = { tenant: `t-${randomUUID()}` as TenantId, room: 'science', channel: 'general' };
    });

    afterEach(() => fixture.close());

    let ids = 0;
    const append = (
      address: ChannelAddress,
      text: string,
      id = `arq_contract${ids++}`,
      user = 'alice',
    ): Promise<Appended> => log.append({ address, data: bytes(text), user, id });

    const appendMany = async (address: ChannelAddress, count: number): Promise<number[]> => {
      const appended = await Promise.all(Array.from({ length: count }, (_, i) => append(address, `${i}`)));
      return appended.map(({ seq }) => seq);
    };

    const follow = async ({ tenant, room, channel }: ChannelAddress): Promise<SpineMessage[]> => {
      const got: SpineMessage[] = [];
      fixture.spine.subscribe(channelOut(tenant, room, channel), (message) => got.push(message));
      await fixture.spine.flush();
      return got;
    };

    it('[LOG-3] gives strictly increasing sequences, and delivers in their order, each naming the one before', async () => {
      const got = await follow(general);
      const seqs = await appendMany(general, 10);
      expect(new Set(seqs).size).toBe(10);
      await vi.waitFor(() => expect(got).toHaveLength(10));
      expect(got.map(({ seq }) => seq)).toEqual(seqs.toSorted((a, b) => a - b));
      expect(got.map(({ prevSeq }) => prevSeq)).toEqual([0, ...got.slice(0, -1).map(({ seq }) => seq)]);
      expect(got.map(string).toSorted()).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    });

    it('[LOG-1] reads what was appended, with the same order, data and previous sequences', async () => {
      const got = await follow(general);
      await appendMany(general, 5);
      await vi.waitFor(() => expect(got).toHaveLength(5));
      const entries = await log.read(general, { limit: 100 });
      expect(entries.map(({ seq, prevSeq, data }) => ({ seq, prevSeq, data: [...data] }))).toEqual(
        got.map(({ seq, prevSeq, data }) => ({ seq, prevSeq, data: [...data] })),
      );
    });

    it('[LOG-4] tells its position: one epoch, the first and the last sequence', async () => {
      expect(await log.position(general)).toMatchObject({ firstSeq: 0, lastSeq: 0 });
      const seqs = await appendMany(general, 3);
      const { epoch } = await append({ ...general, channel: 'explore' }, 'elsewhere');
      expect(epoch).toMatch(/^.{8,64}$/);
      const position = { epoch, firstSeq: Math.min(...seqs), lastSeq: Math.max(...seqs) };
      expect(await log.position(general)).toMatchObject(position);
    });

    it('[LOG-1] reads between exclusive bounds, from either end, up to a limit', async () => {
      const [first = 0, second = 0, third = 0, fourth = 0] = (await appendMany(general, 4)).toSorted((a, b) => a - b);
      const read = async (range: Parameters<ChannelLog['read']>[1]): Promise<number[]> =>
        (await log.read(general, range)).map(({ seq }) => seq);
      expect(await read({ limit: 2 })).toEqual([first, second]);
      expect(await read({ limit: 2, order: 'newest' })).toEqual([fourth, third]);
      expect(await read({ afterSeq: second, limit: 10 })).toEqual([third, fourth]);
      expect(await read({ beforeSeq: third, limit: 10 })).toEqual([first, second]);
      expect(await read({ beforeSeq: fourth, order: 'newest', limit: 2 })).toEqual([third, second]);
      expect(await read({ afterSeq: first, beforeSeq: fourth, limit: 10 })).toEqual([second, third]);
      expect(await read({ afterSeq: fourth, limit: 10 })).toEqual([]);
      expect(await read({ beforeSeq: first, limit: 10 })).toEqual([]);
      // Each entry holds one byte.
      expect(await read({ maxBytes: 3, limit: 10 })).toEqual([first, second, third]);
      expect(await read({ afterSeq: second, maxBytes: 1, limit: 10 })).toEqual([third]);
      expect(await read({ maxBytes: 1, limit: 10, order: 'newest' })).toEqual([fourth, third, second, first]);
    });

    it('[LOG-9] names the position as the predecessor of what comes after it, so that no hole is seen where none is', async () => {
      const seqs = (await appendMany(general, 5)).toSorted((a, b) => a - b);
      await append({ ...general, channel: 'explore' }, 'in between');
      seqs.push((await append(general, 'last')).seq);
      for (const [index, afterSeq] of seqs.slice(0, -1).entries()) {
        const [first] = await log.read(general, { afterSeq, limit: 1 });
        expect([first?.seq, first?.prevSeq]).toEqual([seqs[index + 1], afterSeq]);
      }
    });

    it('[LOG-1] reads a half-open window of time', async () => {
      await appendMany(general, 3);
      const [entry] = await log.read(general, { limit: 1, order: 'newest' });
      const atMs = entry?.timestampMs ?? 0;
      expect(atMs).toBeGreaterThan(0);
      const newest = async (range: { sinceMs?: number; untilMs?: number }): Promise<number[]> =>
        (await log.read(general, { ...range, limit: 10 })).map(({ timestampMs }) => timestampMs);
      expect(await newest({ sinceMs: atMs })).toContain(atMs);
      expect(await newest({ untilMs: atMs + 1 })).toContain(atMs);
      expect(await newest({ untilMs: atMs })).not.toContain(atMs);
      expect(await newest({ sinceMs: atMs + 1 })).toEqual([]);
    });

    it('[LOG-5] stores and delivers a repeated id once, and acknowledges it with the first sequence', async () => {
      const got = await follow(general);
      const first = await append(general, 'once', 'arq_retry0001');
      const again = await append(general, 'once', 'arq_retry0001');
      expect(first.duplicate).toBe(false);
      expect(again).toEqual({ ...first, duplicate: true });
      await append(general, 'marker');
      await vi.waitFor(() => expect(got.map(string)).toEqual(['once', 'marker']));
      expect(await log.read(general, { limit: 10 })).toHaveLength(2);
    });

    it('[LOG-5] [T-08] takes an id of another user, channel, room or tenant for another message', async () => {
      const id = 'arq_predicted1';
      const addresses = [
        general,
        { ...general, channel: 'explore' },
        { ...general, room: 'lab' },
        { ...general, tenant: `${general.tenant}x` as TenantId },
      ];
      for (const address of addresses) {
        for (const user of ['alice', 'mallory', 'alice b', 'alice=']) {
          expect(await append(address, 'mine', id, user)).toMatchObject({ duplicate: false });
        }
        expect(await log.read(address, { limit: 10 })).toHaveLength(4);
      }
    });

    it('[LOG-17] stores and delivers what expects the last sequence, and tells who expects another one what it is', async () => {
      const got = await follow(general);
      const expecting = (text: string, expectedSeq: number): Promise<Appended> =>
        log.append({ address: general, data: bytes(text), user: 'alice', id: `arq_expects${ids++}`, expectedSeq });
      await append({ ...general, channel: 'explore' }, 'elsewhere');
      const { seq: first, epoch } = await expecting('first', 0);
      const { seq: second } = await expecting('second', first);
      for (const wrong of [0, first, second + 1, Number.MAX_SAFE_INTEGER]) {
        await expect(expecting('late', wrong)).rejects.toMatchObject({
          code: 'CONFLICT',
          details: { seq: second, epoch },
        });
      }
      await append(general, 'marker');
      await vi.waitFor(() => expect(got.map(string)).toEqual(['first', 'second', 'marker']));
      expect(await log.read(general, { limit: 10 })).toHaveLength(3);
    });

    it('[LOG-17] lets one of many that expect the same sequence through', async () => {
      const { seq } = await append(general, 'base');
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          log.append({
            address: general,
            data: bytes(`${n}`),
            user: 'alice',
            id: `arq_race${ids++}`,
            expectedSeq: seq,
          }),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await log.read(general, { limit: 10 })).toHaveLength(2);
    });

    it('[LOG-17] expects nothing of what it does not keep any more', async () => {
      const seqs = await appendMany(general, 3);
      await log.trim(general, Number.MAX_SAFE_INTEGER);
      const expecting = (expectedSeq: number): Promise<Appended> =>
        log.append({ address: general, data: bytes('x'), user: 'alice', id: `arq_emptied${ids++}`, expectedSeq });
      await expect(expecting(Math.max(...seqs))).rejects.toMatchObject({ code: 'CONFLICT', details: { seq: 0 } });
      expect(await expecting(0)).toMatchObject({ duplicate: false });
    });

    it('[LOG-17] [LOG-5] takes the repeat of a stored publication for a duplicate, whatever came since', async () => {
      const once = { address: general, data: bytes('once'), user: 'alice', id: 'arq_retry0002', expectedSeq: 0 };
      const first = await log.append(once);
      expect(await log.append(once)).toEqual({ ...first, duplicate: true });
      await append(general, 'since');
      expect(await log.append(once)).toEqual({ ...first, duplicate: true });
      expect((await log.read(general, { limit: 10 })).map(string)).toEqual(['once', 'since']);
    });

    it('[PRD-4] keeps tenants apart in reading, position and trimming', async () => {
      const foreign = { ...general, tenant: `${general.tenant}x` as TenantId };
      const got = await follow(general);
      await append(foreign, 'foreign canary');
      await append(general, 'mine');
      await vi.waitFor(() => expect(got.map(string)).toEqual(['mine']));
      expect((await log.read(general, { limit: 10 })).map(string)).toEqual(['mine']);
      const before = await log.position(foreign);
      await log.trim(general, Number.MAX_SAFE_INTEGER);
      expect(await log.position(foreign)).toEqual(before);
      expect((await log.read(foreign, { limit: 10 })).map(string)).toEqual(['foreign canary']);
    });

    it('[PRT-16] gives the pseudo-channel of a room a log of its own', async () => {
      const room = { ...general, channel: '*' };
      await append(room, 'to all');
      await append(general, 'to the channel');
      expect((await log.read(room, { limit: 10 })).map(string)).toEqual(['to all']);
      expect((await log.read(general, { limit: 10 })).map(string)).toEqual(['to the channel']);
    });

    it('[LOG-19] lists the channels of a room that it holds something of, and no others', async () => {
      const room = { ...general, room: 'deep.space' };
      const { epoch } = await append({ ...room, channel: 'general' }, 'one');
      for (const channel of ['*', 'a.b', 'a-b', 'emptied']) await append({ ...room, channel }, 'one');
      await append({ ...room, room: 'deep' }, 'another room');
      await append({ ...room, tenant: `${general.tenant}x` as TenantId, channel: 'foreign' }, 'foreign canary');
      await log.trim({ ...room, channel: 'emptied' }, Number.MAX_SAFE_INTEGER);
      expect(await log.channels(room.tenant, 'deep.space')).toEqual(
        ['*', 'a-b', 'a.b', 'general'].map((channel) => ({ channel, epoch })),
      );
      expect(await log.channels(room.tenant, 'nobody-was-here')).toEqual([]);
      await append({ ...general, room: 'state' }, 'another profile');
      expect(await log.channels(general.tenant, 'state')).toMatchObject([{ channel: 'general' }]);
    });

    it('[LOG-1] trims what is older than a sequence; the next publication still names the one before', async () => {
      const got = await follow(general);
      const seqs = (await appendMany(general, 5)).toSorted((a, b) => a - b);
      await log.trim(general, seqs[3] ?? 0);
      const left = await log.read(general, { limit: 10 });
      expect(left.map(({ seq, prevSeq }) => [seq, prevSeq])).toEqual([
        [seqs[3], expect.toSatisfy((prevSeq) => [0, UNKNOWN_SEQ, seqs[2]].includes(prevSeq))],
        [seqs[4], seqs[3]],
      ]);
      expect(await log.position(general)).toMatchObject({ firstSeq: seqs[3], lastSeq: seqs[4] });
      await append(general, 'next');
      await vi.waitFor(() => expect(got.at(-1)).toMatchObject({ prevSeq: seqs[4] }));
    });

    it('[LOG-3] names the previous publication, or none, but never a wrong one, once all are trimmed', async () => {
      const got = await follow(general);
      const seqs = await appendMany(general, 3);
      await log.trim(general, Number.MAX_SAFE_INTEGER);
      const known = [0, Math.max(...seqs)];
      const { firstSeq, lastSeq } = await log.position(general);
      expect(firstSeq).toBe(0);
      expect(known).toContain(lastSeq);
      const { seq } = await append(general, 'afterwards');
      await vi.waitFor(() => expect(got.at(-1)).toMatchObject({ seq }));
      expect(known).toContain(got.at(-1)?.prevSeq);
    });

    it('[LOG-1] keeps the newest of more than the profile allows', async () => {
      const got = await follow(general);
      const { kept } = fixture;
      await appendMany(general, kept + 5);
      await vi.waitFor(() => expect(got).toHaveLength(kept + 5));
      const entries = await log.read(general, { limit: 1_000 });
      expect(entries.map(({ seq }) => seq)).toEqual(got.slice(5).map(({ seq }) => seq));
      expect([UNKNOWN_SEQ, got[4]?.seq]).toContain(entries[0]?.prevSeq);
      expect((await log.position(general)).firstSeq).toBe(got[5]?.seq);
    });

    it('[LOG-1] keeps only the latest of a channel of class `state`', async () => {
      const state = { ...general, room: 'state' };
      const got = await follow(state);
      await append(state, '{"t":21.4}');
      const { seq } = await append(state, '{"t":21.5}');
      const entries = await log.read(state, { limit: 10 });
      expect(entries.map(string)).toEqual(['{"t":21.5}']);
      expect(await log.position(state)).toMatchObject({ firstSeq: seq, lastSeq: seq });
      await vi.waitFor(() => expect(got[1]).toMatchObject({ seq, prevSeq: got[0]?.seq }));
    });
  });
}
