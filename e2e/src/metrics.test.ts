import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const LIVE = { pattern: '*:ticks', profile: 'live' };
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_LOG_RULES: JSON.stringify([LIVE, { pattern: '*:*', profile: 'default' }]) });
});

afterAll(() => bus.stop());

test('[TEL-2] the loss budget: what was published, delivered, recovered, repeated and refused', async () => {
  const [alice, bob, carol] = [await bus.connect(), await bus.connect({ user: 'bob' }), await bus.connect()];
  const room = 'budget';
  for (const client of [alice, bob, carol]) {
    await client.must('join_channel', { room, channel: 'ticks' });
    await client.must('join_channel', { room, channel: 'talk' });
  }
  const { epoch, seq } = await bob.must('join_channel', { room, channel: 'talk' });
  for (let n = 0; n < 40; n++) await alice.publish(`${room}:ticks`, n);
  for (let n = 0; n < 40; n++) await bob.nextEvent();
  bob.end();
  await expect.poll(() => bus.metric('arqonbus_connections')).toBe(2);
  for (let n = 0; n < 7; n++) await alice.publish(`${room}:talk`, n);
  await alice.publish(`${room}:talk`, 'twice', { id: 'arq_twice-0001' });
  await alice.publish(`${room}:talk`, 'twice', { id: 'arq_twice-0001' });
  const back = await bus.connect({ user: 'bob' });
  await back.must('join_channel', { room, channel: 'talk', from: { epoch, seq } });
  for (let n = 0; n < 8; n++) await back.nextEvent();
  await alice.publish('', 'hello', { type: 'private', to: [back.clientId] });
  await alice.publish('', 'hello', { type: 'private', to: ['user:nobody'] });
  for (const [line, value] of [
    ['arqonbus_messages_published_total{class="live"}', 40],
    ['arqonbus_messages_published_total{class="history"}', 8],
    ['arqonbus_messages_published_total{class="private"}', 1],
    ['arqonbus_messages_delivered_total{class="live"}', 80],
    ['arqonbus_messages_delivered_total{class="history"}', 8],
    ['arqonbus_messages_recovered_total{class="history"}', 8],
    ['arqonbus_messages_duplicate_total', 1],
    ['arqonbus_messages_failed_total{code="TARGET_NOT_FOUND"}', 1],
    ['arqonbus_recoveries_total{path="join",recovered="true"}', 1],
    ['arqonbus_stage_passed_total{stage="stamp"}', await bus.metric('arqonbus_messages_in_total')],
  ] as const) {
    await expect.poll(async () => [line, await bus.metric(line)]).toEqual([line, value]);
  }
  for (const client of [alice, carol, back]) client.end();
});

test('[TEL-2] latencies are taken from the socket to the log and to the other sockets', async () => {
  const [alice, bob] = [await bus.connect(), await bus.connect({ user: 'bob' })];
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'latency', channel: 'talk' });
  for (let n = 0; n < 130; n++) await alice.publish('latency:talk', n);
  for (const name of ['deliver', 'log_append', 'command', 'handshake'])
    expect(await bus.metric(`arqonbus_${name}_duration_seconds_count`)).toBeGreaterThan(0);
  expect(await bus.metric('arqonbus_stage_duration_seconds_count{stage="authorize"}')).toBeGreaterThan(0);
  expect(await bus.metric('arqonbus_deliver_duration_seconds_sum')).toBeLessThan(10);
  await expect
    .poll(() => bus.metric('arqonbus_spine_round_trip_seconds_count'), { timeout: 10_000 })
    .toBeGreaterThan(0);
  for (const client of [alice, bob]) client.end();
});

test('[TEL-2] [BRN-1] the Brains show what they know: each connection once, and every partition', async () => {
  const clients = [await bus.connect(), await bus.connect({ user: 'bob' })];
  for (const client of clients) await client.must('join_channel', { room: 'shown', channel: 'talk' });
  const sum = async (name: string): Promise<number> => {
    const texts = await bus.scrapes();
    const values = texts.map((text) => Number(new RegExp(`^${name} (.+)$`, 'mu').exec(text)?.[1] ?? 0));
    return values.reduce((total, value) => total + value, 0);
  };
  await expect.poll(() => sum('arqonbus_brain_connections')).toBe(2);
  await expect.poll(() => sum('arqonbus_brain_partitions')).toBe(16);
  expect(await sum('arqonbus_brain_memberships')).toBe(2);
  expect(await sum('arqonbus_connections')).toBe(2);
  // Each is in the channel and in the room's own.
  expect(await bus.metric('arqonbus_subscriptions{format="json"}')).toBe(4);
  for (const client of clients) client.end();
});

test('[SAF-5] L-05: no metric tells a name of a tenant, client, user, room or channel', async () => {
  const names = { tenant: 'tenant-of-secrets', user: 'user-of-secrets' };
  const client = await bus.connect(names);
  await client.must('join_channel', { room: 'room-of-secrets', channel: 'channel-of-secrets' });
  await client.publish('room-of-secrets:channel-of-secrets', 'payload-of-secrets');
  await client.command('command-of-secrets');
  await client.publish('room-of-secrets:other', 'payload-of-secrets');
  client.socket.sendText('{"type":"type-of-secrets"}');
  await client.nextError();
  for (const text of await bus.scrapes()) {
    expect(text).not.toMatch(/of-secrets/u);
    expect(text).not.toContain(client.clientId);
  }
  client.end();
});
