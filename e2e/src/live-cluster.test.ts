import { createClient } from '@arqonbus/sdk';
import type { WebSocketConstructor } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasLog } from './harness/mode.ts';
import { connectProto, jsonBytes, payloadOf } from './harness/proto-client.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// A cluster runs every channel as `live`, whatever its profile says, until the log on NATS exists (04, "Channel log").
const kept = { max_messages: 100, max_age_ms: 3_600_000, max_bytes: 1_048_576 };
const profiles = {
  history: { class: 'history', ...kept },
  durable: { class: 'durable', ...kept },
  state: { class: 'state', ...kept, max_messages: 1 },
};
const rules = [
  { pattern: 'durable:*', profile: 'durable' },
  { pattern: 'state:*', profile: 'state' },
  { pattern: '*:*', profile: 'history' },
];
const rooms = ['history', 'durable', 'state'] as const;

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_LOG_PROFILES: JSON.stringify(profiles), ARQONBUS_LOG_RULES: JSON.stringify(rules) });
});

afterAll(() => bus.stop());

test.runIf(!hasLog).for(rooms)('[LOG-1] [PRT-14] no publication in %s:all has a position', async (room) => {
  const target = { room, channel: 'all' };
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  for (const client of [alice, bob]) expect(await client.must('join_channel', target)).toEqual(target);
  for (const channel of ['all', '*']) {
    // Nor can its sender say one.
    const claimed = { seq: 9, prev_seq: 8, epoch: 'mine' };
    expect((await alice.publish(`${room}:${channel}`, 'gone at once', claimed)).payload).toEqual({});
    const event = await bob.nextEvent();
    expect(event).toMatchObject({ room, channel, payload: 'gone at once' });
    for (const name of Object.keys(claimed)) expect(event).not.toHaveProperty(name);
  }
  for (const client of [alice, bob]) client.end();
});

test.runIf(!hasLog).for(rooms)('[LOG-1] [LOG-9] %s:all has no history, and nothing to recover', async (room) => {
  const target = { room, channel: 'all' };
  const alice = await bus.connect();
  await alice.must('join_channel', target);
  await alice.publish(`${room}:all`, 'gone at once');
  const from = { epoch: 'e1', seq: 0 };
  const refused = { recovered: false, reason: 'no_log' };
  expect(await alice.must('join_channel', { ...target, from })).toEqual({ ...target, ...refused });
  expect(await alice.must('join_channel', { ...target, history: 10 })).toEqual({ ...target, publications: [] });
  for (const command of ['history', 'op.history.get']) {
    for (const channel of ['all', '*']) {
      expect(await alice.command(command, { room, channel })).toMatchObject({ error_code: 'FEATURE_DISABLED' });
    }
  }
  expect(await alice.must('channel_info', target)).not.toHaveProperty('log');
  alice.end();
});

test.runIf(!hasLog)('[PRT-3] [LOG-1] a first join tells of no position', async () => {
  const client = await bus.connect({ user: 'direct' }, 'room=science&channel=general');
  const { payload } = await client.nextSystem('joined');
  expect(payload).toEqual({ event: 'joined', room: 'science', channel: 'general' });
  client.end();
});

test.runIf(!hasLog)('[PRT-11] [LOG-1] there is no position in Protobuf, either', async () => {
  const target = { room: 'binary', channel: 'all' };
  const alice = await connectProto({ port: bus.port, token: await bus.token() });
  const bob = await connectProto({ port: bus.port, token: await bus.token({ user: 'bob' }) });
  for (const client of [alice, bob]) await client.join(target.room, target.channel);
  const claimed = { seq: 9, prevSeq: 8, epoch: 'mine' };
  expect(payloadOf(await alice.ask({ ...target, ...claimed, payload: jsonBytes(1), ack: true }))).toEqual({});
  const event = await bob.next(({ type }) => type === 'event');
  expect(event).toMatchObject({ ...target, seq: 0, prevSeq: 0, epoch: '' });
  for (const client of [alice, bob]) client.end();
});

test.runIf(!hasLog)('[PRT-14] [LOG-1] the SDK hears of no position, and does without', async () => {
  const webSocket = WebSocket as unknown as WebSocketConstructor;
  const alice = createClient({ url: bus.wsUrl, token: await bus.token(), webSocket });
  await alice.connect();
  const chat = await alice.join('science:general', { echo: true });
  const { id, ...position } = await alice.publish('science:general', 'gone at once');
  expect(position).toEqual({});
  for await (const publication of chat) {
    expect(publication).toMatchObject({ id, payload: 'gone at once' });
    for (const name of ['seq', 'prevSeq', 'epoch']) expect(publication).not.toHaveProperty(name);
    break;
  }
  await alice.close();
});
