import { afterAll, beforeAll, expect, test } from 'vitest';
import { followClient } from './faults/harness/followed-client.ts';
import type { FollowedClient } from './faults/harness/followed-client.ts';
import { publishNumbers } from './faults/harness/numbered-log.ts';
import type { NumberedLoad } from './faults/harness/numbered-log.ts';
import type { Frame } from './harness/json-client.ts';
import { hashOf } from './harness/replay-hash.ts';
import { runArqon } from './harness/run-arqon.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Where the log keeps channels is changed while the bus runs, by the road of all settings of run time.

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
let bus: Bus;

beforeAll(async () => {
  const kept = { class: 'history', max_messages: 100, max_age_ms: 3_600_000, max_bytes: 16_777_216, archive: true };
  const profiles = { kept, moved: kept };
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN,
    ARQONBUS_LOG_PROFILES: JSON.stringify(profiles),
  });
});

afterAll(() => bus.stop());

/** Changes or resets a setting; gives the status. */
async function ask(method: 'PUT' | 'DELETE', value?: unknown, key = 'log.rules'): Promise<number> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = value === undefined ? {} : { body: JSON.stringify({ value }) };
  return (await fetch(`${bus.httpUrl}/settings/${key}`, { method, headers, ...body })).status;
}

test('[LOG-4] [CFG-1] a rule of the log that is changed moves channels at once, and no position from before is taken', async () => {
  const target = { room: 'moving', channel: 'general' };
  const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
  const { epoch, seq } = await alice.must('join_channel', target);
  await bob.must('join_channel', target);
  expect(await alice.publish('moving:general', 1)).toMatchObject({ payload: { epoch } });
  expect((await bob.nextEvent()).payload).toBe(1);
  expect(await ask('PUT', [{ pattern: 'moving:*', profile: 'nowhere' }])).toBe(400);
  expect(await ask('PUT', [{ pattern: 'moving:*', profile: 'live' }])).toBe(200);
  for (const client of [alice, bob]) {
    expect((await client.nextSystem('lagging')).payload).toMatchObject({ recovered: false, reason: 'no_log' });
    expect(await client.command('history', target)).toMatchObject({ error_code: 'FEATURE_DISABLED' });
    expect(await client.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ reason: 'no_log' });
  }
  // Not in the log: who was away has missed it.
  await alice.publish('moving:general', 2);
  expect((await bob.nextEvent()).payload).toBe(2);
  expect(await ask('DELETE')).toBe(200);
  for (const client of [alice, bob]) {
    expect((await client.nextSystem('lagging')).payload).toMatchObject({ recovered: false, reason: 'epoch_changed' });
    const again = await client.must('join_channel', { ...target, from: { epoch, seq } });
    expect(again).toMatchObject({ recovered: false, reason: 'epoch_changed' });
    expect(again['epoch']).not.toBe(epoch);
  }
  expect(await alice.publish('moving:general', 3)).toMatchObject({ payload: { seq: expect.any(Number) } });
  expect(await bob.nextEvent()).toMatchObject({ payload: 3, seq: expect.any(Number) });
  for (const client of [alice, bob]) client.end();
});

test('[LOG-15] [LOG-4] [LOG-14] what a channel held before it was numbered anew is read from the archive, by its epoch', async () => {
  const books = { room: 'ledger', channel: 'books' };
  const [writer, foreign] = [await bus.connect({ role: 'admin' }), await bus.connect({ tenant: 'globex' })];
  let copied = 0;
  const publish = async (numbers: readonly number[]): Promise<void> => {
    for (const number of numbers) expect((await writer.publish('ledger:books', number)).status).toBe('success');
    copied += numbers.length;
    const count = async (): Promise<number> => {
      const lines = (await bus.scrapes()).flatMap(
        (text) => text.match(/^arqonbus_archive_copied_total (\d+)$/m)?.[1] ?? [],
      );
      return lines.reduce((sum, value) => sum + Number(value), 0);
    };
    await expect.poll(count, { timeout: 10_000 }).toBe(copied);
  };
  const page = async (args: object): Promise<[unknown[], unknown]> => {
    const { publications, earlier_epoch: earlier } = await writer.must('history', { ...books, ...args });
    return [(publications as Frame[]).map(({ payload }): unknown => payload), earlier];
  };
  const moveTo = async (profile: string): Promise<void> => {
    expect(await ask('PUT', [{ pattern: 'ledger:*', profile }])).toBe(200);
    // The room's own log moves as well.
    while ((await writer.nextSystem('lagging')).payload['channel'] !== 'books');
  };
  await writer.must('join_channel', books);
  await foreign.must('join_channel', books);
  await moveTo('kept');
  await publish([1, 2, 3]);
  const before = await writer.must('history', books);
  const old = before['publications'] as Frame[];
  const epoch = before['epoch'];
  expect(before).not.toHaveProperty('earlier_epoch');
  await moveTo('moved');
  const movedAt = new Date(Date.parse(String(old[2]?.['timestamp'])) + 60_001).toISOString();
  await publish([4, 5]);

  expect(await page({})).toEqual([[4, 5], epoch]);
  expect(await page({ after_seq: 1, order: 'newest', limit: 1 })).toEqual([[5], undefined]);
  expect(await page({ since: movedAt })).toEqual([[], undefined]);
  expect(await page({ epoch, order: 'newest', limit: 2 })).toEqual([[3, 2], undefined]);
  expect(await writer.must('history', { ...books, epoch })).toEqual(before);
  const all = await writer.must('op.history.replay', books);
  expect(all).toMatchObject({ count: 2, earlier_epoch: epoch });
  const again = await writer.must('op.history.replay', { ...books, epoch });
  expect(again).toMatchObject({ count: 3, epoch, gaps: [], hash: hashOf(old) });
  expect(again).not.toHaveProperty('earlier_epoch');
  const reading = runArqon(['history', 'read', 'ledger:books', '--newest', '--earlier-epochs', '--raw'], {
    ARQONBUS_WS_URL: bus.wsUrl,
    ARQONBUS_AUTH_JWT: await bus.token(),
  });
  expect([await reading.exited, reading.stdout()]).toEqual([0, '5\n4\n3\n2\n1\n']);
  for (const command of ['history', 'op.history.replay']) {
    expect(await foreign.command(command, { ...books, epoch })).toMatchObject({ error_code: 'NOT_FOUND' });
  }
  expect(await writer.command('history', { room: 'ledger', epoch })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  expect(await writer.must('op.history.erase', books)).toMatchObject({ archive_erased: 5 });
  expect(await writer.command('history', { ...books, epoch })).toMatchObject({ error_code: 'NOT_FOUND' });
  expect(await ask('DELETE')).toBe(200);
  for (const client of [writer, foreign]) client.end();
});

const target = { room: 'spread', channel: 'general' };

/** A tenant whose channel is published to without a pause. */
interface Lane {
  readonly tenant: string;
  readonly reader: FollowedClient;
  readonly writer: FollowedClient;
  readonly load: NumberedLoad;
  /** Where its log was before anything was changed. */
  readonly from: { readonly epoch: unknown; readonly seq: unknown };
}

async function openLane(tenant: string): Promise<Lane> {
  const [reader, writer] = [
    followClient(await bus.connect({ tenant, user: 'reader' })),
    followClient(await bus.connect({ tenant, user: 'writer' })),
  ];
  const { epoch, seq } = await reader.must('join_channel', target);
  await writer.must('join_channel', target);
  return { tenant, reader, writer, load: publishNumbers(writer, 'spread:general'), from: { epoch, seq } };
}

/** How often the reader was told that its channel is another one. */
function movesOf({ reader }: Lane): number {
  const told = reader.systems.filter(({ event, channel }) => event === 'lagging' && channel === 'general');
  for (const notice of told) expect(notice).toMatchObject({ recovered: false, reason: 'epoch_changed' });
  return told.length;
}

async function untilMoved(lanes: readonly Lane[], moves: readonly number[]): Promise<void> {
  await expect.poll(() => lanes.map(movesOf), { timeout: 10_000 }).toEqual(moves);
  const before = lanes.map(({ load }) => load.acknowledged());
  const more = (): boolean => lanes.every(({ load }, n) => load.acknowledged() > (before[n] ?? 0) + 20);
  await expect.poll(more, { timeout: 10_000 }).toBe(true);
}

test('[LOG-2] [LOG-4] tenants are spread over more streams under load: those that move are told, and nothing acknowledged is lost', async () => {
  // With two shards the first two go to the second one, the last one stays; then umbrella gets streams of its own.
  const lanes = [await openLane('acme'), await openLane('umbrella'), await openLane('globex')];
  await untilMoved(lanes, [0, 0, 0]);
  expect(await ask('PUT', 2, 'log.shards')).toBe(200);
  await untilMoved(lanes, [1, 1, 0]);
  expect(await ask('PUT', ['umbrella'], 'tenants.dedicated')).toBe(200);
  await untilMoved(lanes, [1, 2, 0]);
  for (const key of ['log.shards', 'tenants.dedicated']) expect(await ask('DELETE', undefined, key)).toBe(200);
  await untilMoved(lanes, [2, 3, 0]);

  for (const [n, lane] of lanes.entries()) {
    const { tenant, reader, writer, load, from } = lane;
    const acknowledged = [...(await load.stop()).keys()];
    const missing = (): number[] => {
      const seen = new Set(reader.events.map(({ payload }): unknown => payload));
      return acknowledged.filter((number) => !seen.has(number));
    };
    await expect.poll(missing, { timeout: 10_000 }).toEqual([]);
    const again = await writer.must('join_channel', { ...target, from });
    expect(again).toMatchObject(n < 2 ? { recovered: false, reason: 'epoch_changed' } : { epoch: from.epoch });
    // What comes from now on is a log like any other.
    const { payload: position } = await writer.publish('spread:general', 'last but one');
    expect(position['epoch']).toBe(again['epoch']);
    await writer.publish('spread:general', 'last');
    const back = followClient(await bus.connect({ tenant, user: 'late' }));
    const joined = await back.must('join_channel', {
      ...target,
      from: { epoch: position['epoch'], seq: position['seq'] },
    });
    expect(joined).toMatchObject({ recovered: true });
    await expect.poll(() => back.events.map((event): unknown => event.payload)).toEqual(['last']);
    for (const client of [reader, writer, back]) client.end();
  }
}, 60_000);
