import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Frame, JsonClient } from './harness/json-client.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

test('[PRD-2] [PRT-16] an event reaches every other subscriber of the channel, and nobody else', async () => {
  const [alice, bob, carol] = await Promise.all([
    bus.connect(),
    bus.connect({ user: 'bob' }),
    bus.connect({ user: 'carol' }),
  ]);
  await alice.must('join_channel', { room: 'science', channel: 'general' });
  await bob.must('join_channel', { room: 'science:general' });
  await carol.must('join_channel', { room: 'science', channel: 'explore' });
  const payload = { text: 'Grüße aus Zürich 🚀', n: 1.5e-7, deep: { list: [null, true, 'a"b\\c'] } };

  const reply = await alice.publish('science:general', payload);
  expect(reply).toMatchObject({ type: 'response', status: 'success' });

  const event = await bob.nextEvent();
  expect(event).toMatchObject({ room: 'science', channel: 'general', sender: alice.clientId, payload });
  expect(event['metadata']).toEqual({ tenant_id: 'acme' });
  // What carol and alice get after this proves what they did not get before.
  await alice.publish('science:general', 'last');
  await bob.nextEvent();
  expect(carol.socket.pending()).toBe(0);
  expect(alice.socket.pending()).toBe(0);
  for (const client of [alice, bob, carol]) client.end();
});

test('[PRT-15] the sender hears itself only when it asked to', async () => {
  const alice = await bus.connect();
  await alice.must('join_channel', { room: 'echo', channel: 'on', echo: true });
  await alice.must('join_channel', { room: 'echo', channel: 'off' });
  await alice.publish('echo:off', 1);
  alice.send({ type: 'event', room: 'echo:on', payload: 2 });
  expect(await alice.nextEvent()).toMatchObject({ channel: 'on', payload: 2 });
  alice.end();
});

test('[PRT-16] publishing without a subscription is refused, and delivered to nobody', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  await bob.must('join_channel', { room: 'members', channel: 'only' });
  expect(await alice.publish('members:only', 'let me in')).toMatchObject({
    type: 'error',
    error_code: 'NOT_SUBSCRIBED',
  });
  await alice.must('join_channel', { room: 'members', channel: 'only' });
  await alice.publish('members:only', 'joined');
  expect(await bob.nextEvent()).toMatchObject({ payload: 'joined' });
  for (const client of [alice, bob]) client.end();
});

test('[PRT-16] an explicit publish grant replaces the subscription', async () => {
  const bob = await bus.connect({ user: 'bob' });
  await bob.must('join_channel', { room: 'sensors', channel: 'in' });
  const permissions = [{ action: 'publish', pattern: 'sensors:*', effect: 'allow' }] as const;
  const sensor = await bus.connect({ user: 'sensor-17', permissions });
  expect(await sensor.publish('sensors:in', 21.5)).toMatchObject({ status: 'success' });
  expect(await bob.nextEvent()).toMatchObject({ payload: 21.5 });
  for (const client of [sensor, bob]) client.end();
});

test('[PRT-20] a member of several channels of a room hears a room-wide message once', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  for (const channel of ['general', 'explore', 'share']) await bob.must('join_channel', { room: 'science', channel });
  await alice.must('join_channel', { room: 'science', channel: 'design' });
  await alice.publish('science:*', 'to all');
  await alice.publish('science:*', 'again');
  expect(await bob.nextEvent()).toMatchObject({ channel: '*', payload: 'to all' });
  expect(await bob.nextEvent()).toMatchObject({ channel: '*', payload: 'again' });
  for (const client of [alice, bob]) client.end();
});

test('[PRT-17] a private message reaches a client, and every connection of a user', async () => {
  const alice = await bus.connect();
  const [bob1, bob2, carol] = await Promise.all([
    bus.connect({ user: 'bob@example.com' }),
    bus.connect({ user: 'bob@example.com' }),
    bus.connect({ user: 'carol' }),
  ]);
  const toUser = {
    type: 'private',
    to: ['user:bob@example.com', carol.clientId],
    payload: { text: 'psst' },
    ack: true,
  };
  expect(await alice.publish('', { text: 'psst' }, { ...toUser, room: undefined })).toMatchObject({
    status: 'success',
  });
  for (const client of [bob1, bob2, carol]) {
    const message = await client.next(({ type }) => type === 'private');
    expect(message).toMatchObject({ sender: alice.clientId, payload: { text: 'psst' } });
  }
  for (const client of [alice, bob1, bob2, carol]) client.end();
});

test('[PRT-17] an unknown target is told of, with ack', async () => {
  const alice = await bus.connect();
  const private_ = { type: 'private', to: 'nobody_here', room: undefined };
  expect(await alice.publish('', 'hello', private_)).toMatchObject({
    error_code: 'TARGET_NOT_FOUND',
    payload: { missing: ['nobody_here'] },
  });
  alice.end();
});

/** Publishes numbers in one go; gives what the receiver got. */
async function sendNumbers(from: JsonClient, to: JsonClient, channel: string, count: number): Promise<Frame[]> {
  for (const client of [from, to]) await client.must('join_channel', { room: 'order', channel });
  for (let n = 0; n < count; n++) from.send({ type: 'event', room: `order:${channel}`, payload: n });
  const events: Frame[] = [];
  while (events.length < count) events.push(await to.nextEvent());
  return events;
}

test('[PRT-19] events of one connection arrive in order', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  const events = await sendNumbers(alice, bob, 'one', 150);
  expect(events.map(({ payload }) => payload)).toEqual(Array.from({ length: 150 }, (_, n) => n));
  for (const client of [alice, bob]) client.end();
});

test('[LOG-3] events of one connection have a rising sequence, without a hole', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  const events = await sendNumbers(alice, bob, 'two', 150);
  const seqs = events.map(({ seq }) => Number(seq));
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(events.slice(1).map((event) => event['prev_seq'])).toEqual(seqs.slice(0, -1));
  for (const client of [alice, bob]) client.end();
});

test('[PRT-14] [LOG-3] an event is acknowledged with its position, and delivered with it', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'position', channel: 'told' });
  const { payload } = await alice.publish('position:told', 'where am I?');
  expect(payload).toEqual({ seq: expect.any(Number), epoch: expect.any(String) });
  expect(await bob.nextEvent()).toMatchObject({ payload: 'where am I?', ...payload });
  for (const client of [alice, bob]) client.end();
});

test('[LOG-5] the same id is stored once, and acknowledged with the first sequence', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'once', channel: 'only' });
  const id = 'arq_0190f2d4-6b1e-7c3a-9f10-2b8f5d1c7e44';
  const first = await alice.publish('once:only', 'pay 10', { id });
  const second = await alice.publish('once:only', 'pay 10', { id });
  expect(second.payload).toEqual({ ...first.payload, duplicate: true });
  await alice.publish('once:only', 'end');
  expect(await bob.nextEvent()).toMatchObject({ payload: 'pay 10' });
  expect(await bob.nextEvent()).toMatchObject({ payload: 'end' });
  for (const client of [alice, bob]) client.end();
});
