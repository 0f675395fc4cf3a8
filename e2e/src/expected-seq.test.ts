import { createClient } from '@arqonbus/sdk';
import type { WebSocketConstructor } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { connectProto, jsonBytes, payloadOf } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  const rules = [{ pattern: 'shared:live', profile: 'live' }];
  bus = await startBus({ ...roomyLimits, ARQONBUS_LOG_RULES: JSON.stringify(rules) });
});

afterAll(() => bus.stop());

/** Counts one up from what the channel says; gives the number of tries. */
async function increment(client: JsonClient, channel: string): Promise<number> {
  const { publications } = await client.must('history', { room: 'shared', channel, order: 'newest', limit: 1 });
  const [last] = publications as readonly { readonly seq: number; readonly payload: number }[];
  const reply = await client.publish(`shared:${channel}`, (last?.payload ?? 0) + 1, { expected_seq: last?.seq ?? 0 });
  if (reply.status === 'success') return 1;
  expect(reply).toMatchObject({ error_code: 'CONFLICT', payload: { seq: expect.any(Number) } });
  expect(reply.payload['seq']).not.toBe(last?.seq ?? 0);
  return 1 + (await increment(client, channel));
}

test('[LOG-17] ten writers on two Shields count up together by compare-and-set, and lose no step', async () => {
  const clients = await Promise.all(Array.from({ length: 10 }, (_, n) => bus.connect({ user: `writer-${n}` })));
  for (const client of clients) await client.must('join_channel', { room: 'shared', channel: 'counter' });
  const tries = await Promise.all(
    clients.map(async (client) => {
      let count = 0;
      for (let n = 0; n < 5; n++) count += await increment(client, 'counter');
      return count;
    }),
  );
  const [client] = clients;
  const { publications } = await (client as JsonClient).must('history', { room: 'shared', channel: 'counter' });
  const counted = (publications as readonly { readonly payload: number }[]).map(({ payload }) => payload);
  expect(counted).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  // They did get in each other's way.
  expect(tries.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50);
  for (const each of clients) each.end();
});

test('[LOG-17] [LOG-5] a conflict tells the present sequence; the repeat of what was stored is a duplicate', async () => {
  const alice = await bus.connect();
  const bob = await bus.connect({ user: 'bob' });
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'shared', channel: 'doc' });
  const once = { id: 'arq_condition-1', expected_seq: 0 };
  const first = await alice.publish('shared:doc', 'v1', once);
  expect(first).toMatchObject({ status: 'success', payload: { seq: expect.any(Number) } });
  const { seq, epoch } = first.payload;
  const heard = [await bob.nextEvent()];
  expect(await bob.publish('shared:doc', 'v1 of bob', { expected_seq: 0 })).toMatchObject({
    status: 'error',
    error_code: 'CONFLICT',
    payload: { seq, epoch },
  });
  const second = await bob.publish('shared:doc', 'v2', { expected_seq: seq });
  expect(second).toMatchObject({ status: 'success' });
  // What was refused is not delivered.
  heard.push(await alice.nextEvent());
  expect(heard).toMatchObject([
    { payload: 'v1', seq },
    { payload: 'v2', prev_seq: seq },
  ]);
  expect(await alice.publish('shared:doc', 'v1', once)).toMatchObject({ payload: { seq, duplicate: true } });
  const { publications } = await alice.must('history', { room: 'shared', channel: 'doc' });
  expect(publications).toMatchObject([{ payload: 'v1' }, { payload: 'v2' }]);
  // The condition is between the sender and its Shield.
  expect(JSON.stringify([publications, heard])).not.toContain('expected_seq');
  for (const client of [alice, bob]) client.end();
});

test('[LOG-17] [PRT-11] a condition counts in Protobuf too, and without ack the refusal is told all the same', async () => {
  const client = await connectProto({ port: bus.port, token: await bus.token() });
  await client.join('shared', 'binary');
  const at = { room: 'shared', channel: 'binary', payload: jsonBytes(1) };
  expect(await client.ask({ ...at, ack: true, expectedSeq: 0 })).toMatchObject({ status: 'success' });
  const refused = await client.ask({ ...at, expectedSeq: 0 });
  expect(refused).toMatchObject({ type: 'error', errorCode: 'CONFLICT' });
  expect(payloadOf(refused)).toMatchObject({ seq: expect.any(Number) });
  client.end();
});

test('[LOG-17] is refused where there is nothing to compare with, and on what is no event', async () => {
  const alice = await bus.connect();
  await alice.must('join_channel', { room: 'shared', channel: 'live' });
  expect(await alice.publish('shared:live', 1, { expected_seq: 0 })).toMatchObject({ error_code: 'FEATURE_DISABLED' });
  for (const wrong of [-1, 0.5, '0', 9_007_199_254_740_992]) {
    expect(await alice.publish('shared:doc', 1, { expected_seq: wrong })).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field: 'expected_seq' }] },
    });
  }
  const priv = { type: 'private', to: ['user:bob'], payload: 1, expected_seq: 0, id: 'arq_private-1' };
  alice.send(priv);
  expect(await alice.nextError()).toMatchObject({ error_code: 'VALIDATION_ERROR', request_id: priv.id });
  alice.end();
});

test('[LOG-17] the SDK publishes on a condition, and its error carries the present sequence', async () => {
  const webSocket = WebSocket as unknown as WebSocketConstructor;
  const client = createClient({ url: bus.wsUrl, token: await bus.token(), webSocket });
  await client.connect();
  const doc = await client.join('shared:sdk');
  const { seq = 0 } = await doc.publish('v1', { expectedSeq: 0 });
  await expect(doc.publish('other', { expectedSeq: 0 })).rejects.toMatchObject({ code: 'CONFLICT', details: { seq } });
  expect((await doc.publish('v2', { expectedSeq: seq })).seq).toBeGreaterThan(seq);
  await client.close();
});
