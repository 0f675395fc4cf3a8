import { createEnvelope, encodeProtoEnvelope } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { ChannelLog } from '@arqonbus/spine';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeliveryRig } from '../delivery/delivery-rig.ts';
import { parseRoomCursor } from './room-cursor.ts';
import { readRoomPage } from './room-page.ts';

const tenant = 'acme' as TenantId;
const room = 'science';

interface Stored {
  readonly channel: string;
  readonly seq: number;
  readonly timestamp: number;
}

/** Publishes to these channels, with these times of ingress. */
async function fill(publications: readonly { readonly channel: string; readonly timestampMs: number }[]) {
  const { log } = createDeliveryRig();
  for (const [index, { channel, timestampMs }] of publications.entries()) {
    const id = `arq_room${String(index).padStart(8, '0')}`;
    const data = encodeProtoEnvelope({ ...createEnvelope('event'), id, room, channel, timestampMs });
    await log.append({ address: { tenant, room, channel }, data, user: 'grace', id });
  }
  return log;
}

function byTimeChannelAndSeq(one: Stored, other: Stored): number {
  if (one.timestamp !== other.timestamp) return one.timestamp - other.timestamp;
  if (one.channel !== other.channel) return one.channel < other.channel ? -1 : 1;
  return one.seq - other.seq;
}

/** All pages of so many, as (channel, seq, timestamp). */
async function walk(
  log: ChannelLog,
  limit: number,
  order: 'oldest' | 'newest',
  maxBytes = 262_144,
): Promise<Stored[][]> {
  const pages: Stored[][] = [];
  let text: string | undefined;
  do {
    const cursor = text === undefined ? undefined : parseRoomCursor(text);
    const channels = await log.channels(tenant, room);
    const page = await readRoomPage(log, { tenant, room, channels, window: { order }, cursor, limit, maxBytes });
    pages.push(page.publications.map(({ json }) => storedOf(json)));
    text = page.cursor;
  } while (text !== undefined && pages.length < 200);
  return pages;
}

function storedOf(json: Uint8Array): Stored {
  const { channel, seq, timestamp } = JSON.parse(new TextDecoder().decode(json)) as Stored;
  return { channel, seq, timestamp: new Date(timestamp).getTime() };
}

describe('readRoomPage', () => {
  it('[LOG-19] merges by time, then channel, then sequence, in pages of any size (property)', async () => {
    const publication = fc.record({ channel: fc.constantFrom('b', 'a', '*', 'c.d'), step: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(publication, { maxLength: 30 }),
        fc.integer({ min: 1, max: 31 }),
        async (steps, limit) => {
          let timestampMs = 1_750_000_000_000;
          const log = await fill(steps.map(({ channel, step }) => ({ channel, timestampMs: (timestampMs += step) })));
          const all = (await walk(log, 100, 'oldest')).flat();
          // The rig keeps the last eight of a channel.
          expect(new Set(all.map(({ seq }) => seq)).size).toBe(all.length);
          const sorted = all.toSorted(byTimeChannelAndSeq);
          expect(all).toEqual(sorted);
          const pages = await walk(log, limit, 'oldest');
          expect(pages.flat()).toEqual(all);
          expect(pages).toHaveLength(Math.max(1, Math.ceil(all.length / limit)));
          expect((await walk(log, limit, 'newest')).flat()).toEqual(all.toReversed());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('[LOG-12] keeps the order of a log within its channel, whatever the times say', async () => {
    const log = await fill([
      { channel: 'a', timestampMs: 50 },
      { channel: 'a', timestampMs: 10 },
      { channel: 'b', timestampMs: 20 },
      { channel: 'a', timestampMs: 60 },
    ]);
    for (const limit of [1, 2, 10]) {
      expect((await walk(log, limit, 'oldest')).flat().map(({ seq }) => seq)).toEqual([3, 1, 2, 4]);
    }
  });

  it('[LOG-19] newest first, leaves out what came after the first page', async () => {
    const log = await fill([
      { channel: 'a', timestampMs: 10 },
      { channel: 'b', timestampMs: 20 },
    ]);
    const request = { tenant, room, window: { order: 'newest' }, limit: 1, maxBytes: 10_000 } as const;
    const first = await readRoomPage(log, {
      ...request,
      channels: await log.channels(tenant, room),
      cursor: undefined,
    });
    for (const channel of ['a', 'c']) {
      const data = encodeProtoEnvelope({ ...createEnvelope('event'), room, channel, timestampMs: 30 });
      await log.append({ address: { tenant, room, channel }, data, user: 'grace', id: `arq_later-${channel}` });
    }
    const cursor = parseRoomCursor(first.cursor ?? '');
    const rest = { ...request, channels: await log.channels(tenant, room), cursor, limit: 10 };
    expect((await readRoomPage(log, rest)).publications.map(({ json }) => storedOf(json).seq)).toEqual([1]);
  });

  it('[LOG-19] oldest first, a channel that begins later is read from its first publication', async () => {
    const log = await fill([
      { channel: 'a', timestampMs: 10 },
      { channel: 'a', timestampMs: 20 },
    ]);
    const request = { tenant, room, window: { order: 'oldest' }, limit: 1, maxBytes: 10_000 } as const;
    const first = await readRoomPage(log, {
      ...request,
      channels: await log.channels(tenant, room),
      cursor: undefined,
    });
    const data = encodeProtoEnvelope({ ...createEnvelope('event'), room, channel: 'b', timestampMs: 30 });
    await log.append({ address: { tenant, room, channel: 'b' }, data, user: 'grace', id: 'arq_later-b' });
    const cursor = parseRoomCursor(first.cursor ?? '');
    const rest = { ...request, channels: await log.channels(tenant, room), cursor, limit: 10 };
    expect((await readRoomPage(log, rest)).publications.map(({ json }) => storedOf(json).seq)).toEqual([2, 3]);
  });

  it('[PRT-22] ends a page at its bytes, with at least one publication', async () => {
    const log = await fill(
      Array.from({ length: 6 }, (_, n) => ({ channel: n % 2 === 0 ? 'a' : 'b', timestampMs: n + 1 })),
    );
    for (const [bytes, size] of [
      [1, 1],
      [400, 2],
    ] as const) {
      const pages = await walk(log, 100, 'oldest', bytes);
      expect(pages.every((page) => page.length <= size)).toBe(true);
      expect(pages.flat().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('[SPN-3] passes over what cannot be read', async () => {
    const log = await fill([
      { channel: 'a', timestampMs: 9_000_000_000_000_000 },
      { channel: 'b', timestampMs: 20 },
    ]);
    expect((await walk(log, 1, 'oldest')).flat().map(({ seq }) => seq)).toEqual([2]);
  });

  it('[LOG-4] says so when a log is another one than that of the cursor', async () => {
    const log = await fill([{ channel: 'a', timestampMs: 10 }]);
    const cursor = { order: 'oldest', positions: new Map([['a', { epoch: 'before', seq: 1 }]]) } as const;
    const channels = await log.channels(tenant, room);
    await expect(
      readRoomPage(log, { tenant, room, channels, window: { order: 'oldest' }, cursor, limit: 1, maxBytes: 1 }),
    ).rejects.toMatchObject({ code: 'CONFLICT', details: { room, channel: 'a' } });
  });
});
