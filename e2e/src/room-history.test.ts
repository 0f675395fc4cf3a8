import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { hashOf } from './harness/replay-hash.ts';
import { runArqon } from './harness/run-arqon.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  const rules = [
    { pattern: '*:live', profile: 'live' },
    { pattern: '*:sensor', profile: 'state' },
    { pattern: 'shelf*:few', profile: 'few' },
    { pattern: 'shelf*:*', profile: 'archived' },
  ];
  const few = { class: 'history', max_messages: 8, max_age_ms: 3_600_000, max_bytes: 67_108_864 };
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_LOG_PROFILES: JSON.stringify({ few, archived: { ...few, archive: true } }),
    ARQONBUS_LOG_RULES: JSON.stringify(rules),
  });
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
    // What is of one millisecond is merged by the names of the channels.
    const answeredAt = Date.now();
    await vi.waitUntil(() => Date.now() > answeredAt, { interval: 1 });
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

const seqsOf = ({ publications }: Frame['payload']): unknown[] => (publications as Frame[]).map(({ seq }) => seq);

let toArchive = 0;

/** Waits until so many more publications have been copied: what the log gives up from then on is not missed. */
async function archived(count: number): Promise<void> {
  toArchive += count;
  const copied = async (): Promise<number> => {
    const lines = (await bus.scrapes()).flatMap(
      (text) => text.match(/^arqonbus_archive_copied_total (\d+)$/m)?.[1] ?? [],
    );
    return lines.reduce((sum, value) => sum + Number(value), 0);
  };
  await expect.poll(copied, { timeout: 10_000 }).toBe(toArchive);
}

test('[LOG-15] [LOG-14] history and replays reach beyond the log, with the same positions and hash', async () => {
  const [reader, foreign] = [await bus.connect({ user: 'reader' }), await bus.connect({ tenant: 'globex' })];
  // No more at once than the log keeps, or what is dropped is lost to the archive as well.
  for (const start of [0, 8, 16]) {
    const channels = Array.from({ length: 8 }, () => 'books');
    await publishTo('shelf', channels, (n) => ({ n: start + n, text: 'Ärger \u{1f680}' }));
    await archived(8);
  }
  const all = await reader.must('history', { room: 'shelf', channel: 'books', limit: 1_000 });
  const publications = all['publications'] as Frame[];
  const seqs = seqsOf(all);
  expect(publications.map(({ payload }) => payload['n'])).toEqual(Array.from({ length: 24 }, (_, n) => n));
  expect(all).toMatchObject({ first_seq: seqs[0], last_seq: seqs[23], epoch: publications[0]?.['epoch'] });
  expect(all).not.toHaveProperty('incomplete');
  const target = { room: 'shelf', channel: 'books' };
  for (const order of ['oldest', 'newest']) {
    const found: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await reader.must('history', {
        ...target,
        order,
        limit: 7,
        ...(cursor === undefined ? {} : { cursor }),
      });
      found.push(...seqsOf(page));
      ({ cursor } = page);
    } while (cursor !== undefined);
    expect(found).toEqual(order === 'oldest' ? seqs : seqs.toReversed());
  }
  const between = await reader.must('history', { ...target, after_seq: seqs[2], before_seq: seqs[22] });
  expect(seqsOf(between)).toEqual(seqs.slice(3, 22));
  const until = await reader.must('history', { ...target, until: publications[3]?.['timestamp'] });
  expect(seqsOf(until)).toEqual(seqs.slice(0, seqsOf(until).length));
  for (const [from, to] of [
    [0, 23],
    [3, 21],
    [2, 9],
  ] as const) {
    const window = { ...target, from_seq: seqs[from], to_seq: seqs[to] };
    expect(await reader.must('op.history.replay', window)).toMatchObject({
      count: to - from + 1,
      gaps: [],
      hash: hashOf(publications.slice(from, to + 1)),
    });
  }
  for (const command of ['history', 'op.history.replay']) {
    const canary = JSON.stringify(await foreign.must(command, target));
    expect(canary).not.toContain('Ärger');
  }
  for (const client of [reader, foreign]) client.end();
});

test('[LOG-15] [LOG-19] the history of a room reaches beyond the log where its channels do; who comes back reads the log', async () => {
  const channels = Array.from({ length: 24 }, (_, n) => ['books', 'few', '*'][n % 3] ?? '');
  const reader = await bus.connect({ user: 'reader' });
  for (const start of [0, 24]) {
    await publishTo('shelf2', channels, (n) => start + n);
    await archived(16);
  }
  // Of what is not archived, the newest eight are left.
  const kept = Array.from({ length: 48 }, (_, n) => n).filter((n) => channels[n % 24] !== 'few' || n >= 24);
  for (const limit of [5, 1_000]) {
    const found = payloads(await walk(reader, { room: 'shelf2', limit })) as number[];
    // Those of one millisecond are ordered by their channels.
    expect(found.toSorted((one, other) => one - other)).toEqual(kept);
  }
  const { epoch, first_seq: seq } = await reader.must('history', { room: 'shelf2', channel: 'books' });
  const joined = await reader.must('join_channel', { room: 'shelf2', channel: 'books', from: { epoch, seq } });
  expect(joined).toMatchObject({ recovered: false, reason: 'trimmed' });
  reader.end();
});

test('[LOG-15] [LOG-10] [PRD-4] what is erased is gone from log, archive and pages, and who comes back gets the rest', async () => {
  const target = { room: 'shelf3', channel: 'books' };
  const writers = await Promise.all(['eve@x', 'ada'].map((user) => bus.connect({ user })));
  const foreign = await bus.connect({ tenant: 'globex', user: 'eve@x' });
  await foreign.must('join_channel', target);
  await foreign.publish('shelf3:books', 'canary of another tenant');
  await archived(1);
  const published: Frame['payload'][] = [];
  for (const writer of writers) await writer.must('join_channel', target);
  for (let n = 0; n < 12; n++) {
    const reply = await (writers[n % 2] as JsonClient).publish('shelf3:books', `canary ${n % 2}`);
    published.push(reply.payload);
    if (n === 6) await archived(7);
  }
  await archived(5);
  const [, , , , , , fromEve] = published;
  const from = { epoch: fromEve?.['epoch'], seq: fromEve?.['seq'] };
  const root = await bus.connect({ user: 'root', role: 'admin' });
  const readers = [await bus.connect({ user: 'late-0' }), await bus.connect({ user: 'late-1' })];
  // Pages that both Shields keep for five seconds.
  for (const reader of readers) await recover(reader, { ...target, from }, 5);
  expect(await root.must('op.history.erase', { user: 'eve@x', before: new Date().toISOString() })).toEqual({
    erased: expect.toSatisfy((count: number) => count >= 4 && count <= 6),
    archive_erased: 6,
  });
  for (const reader of readers) {
    await reader.must('leave_channel', target);
    const { joined, events } = await recover(reader, { ...target, from }, 3);
    expect([joined['recovered'], events.map(({ payload }) => payload)]).toEqual([true, Array(3).fill('canary 1')]);
  }
  for (const reader of readers) {
    const { publications } = await reader.must('history', { ...target, limit: 100 });
    expect((publications as Frame[]).map(({ payload }) => payload)).toEqual(Array(6).fill('canary 1'));
  }
  expect(await root.must('op.history.replay', target)).toMatchObject({ count: 6 });
  expect(await foreign.must('history', target)).toMatchObject({
    publications: [{ payload: 'canary of another tenant' }],
  });
  const trail = await root.must('op.audit.list', { action: 'op.history.erase' });
  expect(trail['items']).toMatchObject([
    { phase: 'intent', details: expect.stringContaining('"user":"eve@x"') },
    { phase: 'done', details: expect.stringContaining('"archive_erased":6') },
  ]);
  expect(JSON.stringify(trail)).not.toContain('canary');
  expect(await root.command('op.history.erase')).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token({ user: 'root', role: 'admin' }) };
  const refused = runArqon(['history', 'erase', '--room', 'shelf3'], env);
  expect([await refused.exited, refused.stderr()]).toEqual([1, expect.stringContaining('--yes')]);
  const erasing = runArqon(['history', 'erase', '--room', 'shelf3', '--yes', '--json'], env);
  expect([await erasing.exited, JSON.parse(erasing.stdout())]).toEqual([
    0,
    expect.objectContaining({ archive_erased: 6 }),
  ]);
  expect(await root.must('history', target)).toMatchObject({ publications: [] });
  for (const client of [...writers, ...readers, root, foreign]) client.end();
});

/** Joins with a position, and gives the reply and what follows it. */
async function recover(
  client: JsonClient,
  args: object,
  count: number,
): Promise<{ readonly joined: Frame['payload']; readonly events: readonly Frame[] }> {
  const joined = await client.must('join_channel', args);
  const events: Frame[] = [];
  while (events.length < count) events.push(await client.nextEvent());
  return { joined, events };
}
