import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  const rules = [
    { pattern: '*:live', profile: 'live' },
    { pattern: '*:sensor', profile: 'state' },
  ];
  bus = await startBus({ ...roomyLimits, ARQONBUS_LOG_RULES: JSON.stringify(rules) });
});

afterAll(() => bus.stop());

/** Publishes numbers to these channels in turn, one after another, from two Shields. */
async function publishTo(room: string, channels: readonly string[], payloadOf: (n: number) => unknown): Promise<void> {
  const writers = [await bus.connect({ user: 'writer-0' }), await bus.connect({ user: 'writer-1' })];
  for (const writer of writers) {
    for (const channel of new Set(channels)) await writer.must('join_channel', { room, channel });
  }
  for (const [n, channel] of channels.entries()) {
    const reply = await (writers[n % 2] as JsonClient).publish(`${room}:${channel}`, payloadOf(n));
    expect(reply.status).toBe('success');
  }
  for (const writer of writers) writer.end();
}

async function walk(client: JsonClient, args: object): Promise<Frame[][]> {
  const pages: Frame[][] = [];
  let cursor: unknown;
  do {
    const page: Frame['payload'] = await client.must('history', {
      ...args,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const key of ['epoch', 'first_seq', 'last_seq']) expect(page).not.toHaveProperty(key);
    pages.push(page['publications'] as Frame[]);
    cursor = page['cursor'];
  } while (cursor !== undefined);
  return pages;
}

const payloads = (pages: readonly Frame[][]): unknown[] => pages.flat().map(({ payload }) => payload);

test('[LOG-19] the history of a room merges its channels and the room’s own, in pages, in both orders', async () => {
  const channels = ['general', '*', 'a.b', 'general', 'general', '*', 'live', 'a.b', 'sensor', 'sensor'];
  await publishTo('merged', channels, (n) => n);
  const reader = await bus.connect({ user: 'reader' });
  // 6 went to a channel without a log, and 8 was replaced in one that keeps the latest value alone.
  const kept = [0, 1, 2, 3, 4, 5, 7, 9];
  expect(payloads(await walk(reader, { room: 'merged' }))).toEqual(kept);
  for (const limit of [1, 3]) {
    const pages = await walk(reader, { room: 'merged', limit });
    expect(pages.every((page) => page.length <= limit)).toBe(true);
    expect(payloads(pages)).toEqual(kept);
    expect(payloads(await walk(reader, { room: 'merged', limit, order: 'newest' }))).toEqual(kept.toReversed());
  }
  const [page = []] = await walk(reader, { room: 'merged' });
  expect(page[1]).toMatchObject({ room: 'merged', channel: '*', seq: expect.any(Number), epoch: expect.any(String) });
  const since = page[3]?.['timestamp'];
  const [recent = []] = await walk(reader, { room: 'merged', since });
  expect(payloads([recent])).toEqual(payloads([page.slice(-recent.length)]));
  expect(recent.length).toBeGreaterThan(0);
  expect(await reader.must('op.history.get', { room: 'merged' })).toMatchObject({ publications: expect.any(Array) });
  reader.end();
});

test('[LOG-19] [PRD-4] shows nobody what he may not read, whatever cursor he comes with', async () => {
  await publishTo('guarded', ['open', 'secret', '*', 'open', 'secret'], (n) => n);
  const all = await bus.connect({ user: 'trusted' });
  expect(payloads(await walk(all, { room: 'guarded' }))).toEqual([0, 1, 2, 3, 4]);
  const { cursor } = await all.must('history', { room: 'guarded', limit: 2 });
  const deny = (pattern: string) => ({ action: 'history', pattern, effect: 'deny' }) as const;
  const some = await bus.connect({ user: 'some', permissions: [deny('guarded:secret')] });
  expect(payloads(await walk(some, { room: 'guarded', limit: 1 }))).toEqual([0, 2, 3]);
  expect(payloads(await walk(some, { room: 'guarded', cursor }))).toEqual([2, 3]);
  const none = await bus.connect({ user: 'none', permissions: [deny('*')] });
  expect(await none.must('history', { room: 'guarded' })).toEqual({ publications: [] });
  const foreign = await bus.connect({ user: 'mallory', tenant: 'globex' });
  expect(await foreign.must('history', { room: 'guarded', cursor })).toEqual({ publications: [] });
  for (const client of [all, some, none, foreign]) client.end();
});

test('[LOG-19] [PRT-22] pages of a room end at 256 KiB; a cursor that is none is refused', async () => {
  const text = 'x'.repeat(40_000);
  await publishTo('large', ['a', 'b', '*', 'a', 'b', '*', 'a', 'b', '*', 'a'], (n) => ({ n, text }));
  const reader = await bus.connect({ user: 'reader' });
  const pages = await walk(reader, { room: 'large', limit: 1_000 });
  expect(pages.map((page) => page.length)).toEqual([6, 4]);
  expect(pages.flat().map(({ payload }) => payload['n'])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const cursor of ['s1', 'r', 'r!!', 'rW10', 'x'.repeat(8_193)]) {
    expect(await reader.command('history', { room: 'large', cursor })).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field: 'args.cursor' }] },
    });
  }
  reader.end();
});
