import type { TenantId } from '@arqonbus/protocol';
import type { LogEntry, ReadRange } from '@arqonbus/spine';
import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { turn } from '../session/session-rig.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { createDeliveryRig } from './delivery-rig.ts';
import { KEPT_MS, MAX_KEPT_BYTES } from './kept-pages.ts';
import { createSharedReads } from './shared-reads.ts';

const CLIENTS = 1_000;

interface Rig {
  readonly reads: ReturnType<typeof createSharedReads>;
  readonly channel: LocalChannel;
  readonly ranges: ReadRange[];
  readonly answers: { log: number; page: number };
  /** What is stored. */
  readonly stored: number[];
  readonly away: { isOn: boolean };
  advance(ms: number): void;
}

function createRig(count: number, pageMessages: number, entryBytes = 1): Rig {
  const stored = Array.from({ length: count }, (_, n) => (n + 1) * 2);
  const ranges: ReadRange[] = [];
  const answers = { log: 0, page: 0 };
  const away = { isOn: false };
  let nowMs = 0;
  const entryOf = (seq: number): LogEntry => ({
    seq,
    prevSeq: seq - 2,
    timestampMs: 0,
    data: new Uint8Array(entryBytes),
  });
  const read = async (_: unknown, range: ReadRange): Promise<readonly LogEntry[]> => {
    ranges.push(range);
    const isNewest = range.order === 'newest';
    const found = isNewest
      ? stored.toReversed().slice(0, range.limit)
      : stored.filter((seq) => seq > (range.afterSeq ?? 0)).slice(0, range.limit);
    await turn();
    if (away.isOn) throw new Error('away');
    return found.map(entryOf);
  };
  const address = { tenant: 'acme' as TenantId, room: 'science', channel: 'general' };
  const channel = { address, key: 'acme/science:general', epoch: 'e1', lastSeq: count * 2 } as LocalChannel;
  const reads = createSharedReads({
    log: { read, isWholeAfter: async () => false },
    pageMessages,
    pageBytes: Number.MAX_SAFE_INTEGER,
    onAnswer: (from) => (answers[from] += 1),
    monotonicMs: () => nowMs,
  });
  return { reads, channel, ranges, answers, stored, away, advance: (ms) => (nowMs += ms) };
}

const seqsOf = (entries: readonly LogEntry[]): number[] => entries.map(({ seq }) => seq);

describe('reads of one channel by many', () => {
  it('[LOG-10] a thousand clients at the same position cost one read', async () => {
    const { reads, channel, ranges, answers } = createRig(40, 300);
    const all = await Promise.all(Array.from({ length: CLIENTS }, () => reads.after(channel, 20, 80)));
    for (const entries of all) expect(seqsOf(entries)).toEqual(Array.from({ length: 30 }, (_, n) => 22 + n * 2));
    expect([ranges.length, answers]).toEqual([1, { log: 1, page: CLIENTS - 1 }]);
    await reads.after(channel, 20, 80);
    expect(ranges).toHaveLength(1);
  });

  it('[LOG-10] a thousand clients at positions of their own cost two reads, whoever comes first', async () => {
    for (const isNewestFirst of [true, false]) {
      const { reads, channel, ranges, stored } = createRig(CLIENTS, CLIENTS);
      const positions = isNewestFirst ? stored.toReversed() : stored;
      const all = await Promise.all(positions.map((seq) => reads.after(channel, seq, CLIENTS * 2)));
      for (const [index, entries] of all.entries()) expect(entries[0]?.prevSeq).toBe(entries[0] && positions[index]);
      expect(ranges).toHaveLength(isNewestFirst ? 2 : 1);
    }
  });

  it('[LOG-9] tells the log what is known to be stored, so that none answers who has not heard of it', async () => {
    const { reads, channel, ranges } = createRig(40, 300);
    await reads.after(channel, 20, 78);
    await reads.newest(channel, 5);
    expect(ranges.map(({ knownSeq }) => knownSeq)).toEqual([78, 80]);
  });

  it('[LOG-10] a page is no answer about what came after it, nor for another epoch', async () => {
    const { reads, channel, ranges, stored } = createRig(3, 300);
    expect(seqsOf(await reads.after(channel, 4, 6))).toEqual([6]);
    stored.push(8);
    expect(seqsOf(await reads.after(channel, 6, 8))).toEqual([8]);
    expect(await reads.after(channel, 8, 8)).toEqual([]);
    expect(ranges).toHaveLength(2);
    await reads.after({ ...channel, epoch: 'e2' }, 4, 6);
    expect(ranges).toHaveLength(3);
  });

  it('[LOG-10] what is read of the newest is read again once something came', async () => {
    const { reads, channel, ranges, stored } = createRig(10, 300);
    const read = async (): Promise<number[]> => seqsOf((await reads.newest(channel, 2)).entries);
    expect(await Promise.all([read(), read(), read()])).toEqual(Array.from({ length: 3 }, () => [20, 18]));
    expect(await reads.newest(channel, 2)).toMatchObject({ seq: 20 });
    expect(ranges).toHaveLength(1);
    stored.push(22);
    channel.lastSeq = 22;
    expect(await read()).toEqual([22, 20]);
    await reads.newest(channel, 3);
    expect(ranges).toHaveLength(3);
  });

  it('[LOG-10] [PRD-5] pages are kept for a while, and not more than so many bytes', async () => {
    const { reads, channel, ranges, advance } = createRig(40, 1, MAX_KEPT_BYTES / 4);
    await reads.after(channel, 2, 80);
    advance(KEPT_MS - 1);
    await reads.after(channel, 2, 80);
    expect(ranges).toHaveLength(1);
    advance(1);
    reads.sweep();
    for (const afterSeq of [2, 10, 20, 30, 40]) await reads.after(channel, afterSeq, 80);
    expect(ranges).toHaveLength(6);
    await reads.after(channel, 10, 80);
    expect(ranges).toHaveLength(6);
    await reads.after(channel, 2, 80);
    expect(ranges).toHaveLength(7);
  });

  it('[LOG-10] a log that cannot be read is told to all who wait, and asked again later', async () => {
    const { reads, channel, away, ranges } = createRig(10, 300);
    away.isOn = true;
    const failed = await Promise.allSettled([
      ...Array.from({ length: 5 }, (_, n) => reads.after(channel, n, 20)),
      reads.newest(channel, 5),
    ]);
    expect(failed.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'rejected'));
    away.isOn = false;
    expect(seqsOf(await reads.after(channel, 18, 20))).toEqual([20]);
    expect(seqsOf((await reads.newest(channel, 1)).entries)).toEqual([20]);
    expect(ranges).toHaveLength(4);
  });

  it('[LOG-10] [LOG-9] everybody gets what a read of its own would have given, whoever asks when', async () => {
    const steps = fc.array(fc.record({ behind: fc.nat({ max: 60 }), isNew: fc.boolean(), waits: fc.boolean() }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 8 }), async (list, pageMessages) => {
        const { reads, channel, stored } = createRig(10, pageMessages);
        const asked: Promise<void>[] = [];
        const recover = async (position: number, upTo: number): Promise<void> => {
          const expected = stored.filter((seq) => seq > position && seq <= upTo);
          const got: number[] = [];
          for (let seq = position; seq < upTo; seq = got.at(-1) ?? upTo) {
            got.push(...seqsOf(await reads.after(channel, seq, upTo)));
          }
          expect(got.filter((seq) => seq <= upTo)).toEqual(expected);
        };
        for (const { behind, isNew, waits } of list) {
          const lastSeq = stored.at(-1) ?? 0;
          asked.push(recover(Math.max(0, lastSeq - behind), lastSeq));
          if (isNew) stored.push(lastSeq + 2);
          if (waits) await turn();
        }
        await Promise.all(asked);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a thousand clients that come back to one channel', () => {
  it('[LOG-10] [LOG-9] cost one read of the log, and each gets everything that it missed, once and in order', async () => {
    const rig = createDeliveryRig({ recoveryPage: 300, outboundBufferBytes: 1_048_576 });
    const keeper = rig.connect();
    await rig.join(keeper, 'general');
    const seqs: number[] = [];
    for (let n = 0; n < 8; n++) seqs.push(await rig.publish('general'));
    await rig.deliver();
    const read = vi.spyOn(rig.log, 'read');
    const back = Array.from({ length: CLIENTS }, () => rig.connect());
    const from = { epoch: '0707070707070707', seq: seqs[1] ?? 0 };
    await Promise.all(back.map((client) => rig.join(client, 'general', { from })));
    await turn();
    for (const { connection } of back) {
      expect(
        connection
          .envelopes()
          .filter(({ type }) => type === 'event')
          .map(({ seq }) => seq),
      ).toEqual(seqs.slice(2));
      expect(connection.topics.size).toBe(2);
    }
    expect(read).toHaveBeenCalledTimes(1);
    expect(rig.metrics.render()).toContain('arqonbus_recovery_reads_total{from="log"} 1');
  });

  it('[LOG-15] [LOG-10] forgets what was read, and what is being read, of a tenant from which something was erased', async () => {
    const { reads, channel, ranges, stored } = createRig(20, 300);
    const other = { ...channel, address: { ...channel.address, tenant: 'globex' as TenantId }, key: 'globex/x:y' };
    await Promise.all([channel, other].map((one) => reads.after(one, 0, 40)));
    await Promise.all([channel, other].map((one) => reads.newest(one, 5)));
    const before = reads.after({ ...channel, key: 'acme/science:slow' }, 0, 40);
    stored.splice(0, 10);
    reads.forget(channel.address.tenant);
    expect(await before).toHaveLength(20);
    expect(await reads.after({ ...channel, key: 'acme/science:slow' }, 0, 40)).toHaveLength(10);
    expect(await reads.after(channel, 0, 40)).toHaveLength(10);
    expect(await reads.after(other, 0, 40)).toHaveLength(20);
    const asked = ranges.length;
    await reads.newest(other, 5);
    expect(ranges).toHaveLength(asked);
    await reads.newest(channel, 5);
    expect(ranges).toHaveLength(asked + 1);
  });
});
