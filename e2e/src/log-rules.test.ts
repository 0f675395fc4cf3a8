import { afterAll, beforeAll, expect, test } from 'vitest';
import { followClient } from './faults/harness/followed-client.ts';
import type { FollowedClient } from './faults/harness/followed-client.ts';
import { publishNumbers } from './faults/harness/numbered-log.ts';
import type { NumberedLoad } from './faults/harness/numbered-log.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Where the log keeps channels is changed while the bus runs, by the road of all settings of run time.

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN });
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
