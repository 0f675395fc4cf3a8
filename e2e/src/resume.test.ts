import type { MessageId } from '@arqonbus/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { connectProto, jsonBytes, payloadOf } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// A client that comes back as itself; in a cluster to another Shield than it was on.

/** What is not taken up is left after this; what is taken up must be within it. */
const LINGER_MS = 5_000;
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ...roomyLimits, ARQONBUS_PRESENCE_LINGER_MS: String(LINGER_MS) });
});

afterAll(() => bus.stop());

type Payload = Frame['payload'];

interface Resumed extends Payload {
  readonly client_id: string;
  readonly resume_token: string;
  readonly channels: readonly { readonly joined?: Payload; readonly error_code?: string }[];
}

const ASKED = 'arq_resume-under-load' as MessageId;

function isEvent({ type }: { readonly type: string }): boolean {
  return type === 'event';
}

function tokenOf({ welcome }: JsonClient): string {
  return String(welcome['resume_token']);
}

async function resume(client: JsonClient, token: string, channels: object, more: object = {}): Promise<Resumed> {
  return (await client.must('resume', { resume_token: token, channels, ...more })) as Resumed;
}

/** Two clients of a tenant in `<tenant>:talk`: one that will be lost, and a friend who watches the members. */
async function createPair(tenant: string): Promise<{ alice: JsonClient; friend: JsonClient; position: Payload }> {
  const friend = await bus.connect({ tenant, user: 'friend' });
  await friend.must('join_channel', { room: tenant, channel: 'talk', presence: true });
  const alice = await bus.connect({ tenant, user: 'alice' });
  const { epoch, seq } = await alice.must('join_channel', { room: tenant, channel: 'talk', meta: { seat: 3 } });
  await friend.nextSystem('presence');
  return { alice, friend, position: { epoch, seq } };
}

async function say(client: JsonClient, target: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.publish(target, text);
}

async function hear(client: JsonClient, count: number): Promise<unknown[]> {
  const heard: unknown[] = [];
  while (heard.length < count) heard.push((await client.nextEvent()).payload);
  return heard;
}

test('[PRT-7] [PRS-2] [LOG-9] R-09: comes back as the same client, misses nothing, and its friends see nothing', async () => {
  const { alice, friend, position } = await createPair('r1');
  alice.lose();
  await say(friend, 'r1:talk', ['one', 'two 🚀', 'three']);
  const back = await bus.connect({ tenant: 'r1', user: 'alice' });
  const resumed = await resume(back, tokenOf(alice), { 'r1:talk': { ...position, meta: { seat: 3 } } });
  expect(resumed).toMatchObject({
    client_id: alice.clientId,
    channels: [{ room: 'r1', channel: 'talk', joined: { recovered: true, ...position } }],
  });
  expect(await hear(back, 3)).toEqual(['one', 'two 🚀', 'three']);
  await back.publish('r1:talk', 'here again');
  expect(await friend.nextEvent()).toMatchObject({ payload: 'here again', sender: alice.clientId });
  const { members } = await friend.must('presence', { room: 'r1', channel: 'talk' });
  const ids = (members as readonly Payload[]).map((member) => String(member['client_id']));
  expect([ids.length, new Set(ids)]).toEqual([2, new Set([alice.clientId, friend.clientId])]);
  expect(friend.socket.pending()).toBe(0);
  expect(await friend.must('status')).toMatchObject({ connections: 2 });
  for (const client of [back, friend]) client.end();
});

test('[PRT-7] [PRT-17] private messages find the client where it is now, time and again', async () => {
  const { alice, friend } = await createPair('r2');
  let token = tokenOf(alice);
  let current = alice;
  for (const text of ['first', 'second', 'third']) {
    current.lose();
    current = await bus.connect({ tenant: 'r2', user: 'alice' });
    token = (await resume(current, token, { 'r2:talk': null })).resume_token;
    const sent = { type: 'private', to: [alice.clientId], payload: text, ack: true, id: `arq_private-${text}` };
    friend.send(sent);
    expect(await friend.next(({ request_id: id }) => id === sent.id)).toMatchObject({ status: 'success' });
    expect(await current.next(({ type }) => type === 'private')).toMatchObject({ payload: text });
  }
  for (const client of [current, friend]) client.end();
});

test('[PRT-7] takes over from a connection that is still open, which is told and closed 4403', async () => {
  const { alice, friend } = await createPair('r3');
  const back = await bus.connect({ tenant: 'r3', user: 'alice' });
  await resume(back, tokenOf(alice), { 'r3:talk': { meta: { seat: 3 } } });
  await alice.nextSystem('replaced');
  expect(await alice.closed()).toMatchObject({ code: 4403, reason: 'replaced' });
  expect(await friend.must('status')).toMatchObject({ connections: 2 });
  await say(friend, 'r3:talk', ['to one alone']);
  expect(await hear(back, 1)).toEqual(['to one alone']);
  expect(friend.socket.pending()).toBe(0);
  for (const client of [back, friend]) client.end();
});

test('[PRT-7] a channel that is not taken up is left, and one whose right is gone is refused', async () => {
  const { alice, friend } = await createPair('r4');
  await alice.must('join_channel', { room: 'r4', channel: 'attic' });
  alice.lose();
  const deny = [{ action: 'join', pattern: 'r4:talk', effect: 'deny' }] as const;
  const back = await bus.connect({ tenant: 'r4', user: 'alice', permissions: deny });
  const { channels } = await resume(back, tokenOf(alice), { 'r4:talk': null, 'r4:cellar': null });
  expect(channels).toMatchObject([
    { channel: 'talk', error_code: 'AUTHORIZATION_ERROR' },
    { channel: 'cellar', joined: { channel: 'cellar' } },
  ]);
  expect(await friend.nextSystem('presence')).toMatchObject({ payload: { leaves: [{ client_id: alice.clientId }] } });
  const total = async (): Promise<unknown> =>
    (await friend.must('presence', { room: 'r4', channel: 'attic' }))['total'];
  expect(await total()).toBe(1);
  await expect.poll(total, { timeout: 2 * LINGER_MS }).toBe(0);
  for (const client of [back, friend]) client.end();
});

test('[PRT-7] what follows of a channel comes after its position is told, under load, to a Protobuf client too', async () => {
  const { alice, friend, position } = await createPair('r5');
  alice.lose();
  let isOver = false;
  const publish = async (): Promise<number> => {
    let n = 0;
    while (!isOver) await friend.publish('r5:talk', (n += 1));
    return n;
  };
  const publishing = publish();
  const back = await connectProto({ port: bus.port, token: await bus.token({ tenant: 'r5', user: 'alice' }) });
  const args = jsonBytes({ resume_token: tokenOf(alice), channels: { 'r5:talk': position } });
  const heard: number[] = [];
  back.send({ id: ASKED, type: 'command', command: 'resume', args });
  const reply = await back.next((envelope) => {
    if (envelope.type === 'event') heard.push(-1);
    return envelope.requestId === ASKED;
  });
  expect([payloadOf(reply), heard]).toMatchObject([{ client_id: alice.clientId }, []]);
  const take = async (): Promise<void> => void heard.push(Number(payloadOf(await back.next(isEvent))));
  while (heard.length < 100) await take();
  isOver = true;
  const last = await publishing;
  while (heard.length < last) await take();
  expect(heard).toEqual(Array.from({ length: last }, (_, index) => index + 1));
  back.end();
  friend.end();
});

test('[PRT-7] [PRD-4] a token that is cut, of another tenant, of another user, used or of nobody is refused alike', async () => {
  const { alice, friend } = await createPair('r6');
  const token = tokenOf(alice);
  alice.lose();
  const others = [
    { order: { tenant: 'r6', user: 'alice' }, token: token.slice(0, -4) },
    { order: { tenant: 'r6', user: 'alice' }, token: `${token.slice(0, 40)}AAAA${token.slice(44)}` },
    { order: { tenant: 'r6', user: 'alice' }, token: '' },
    { order: { tenant: 'r6-foreign', user: 'alice' }, token },
    { order: { tenant: 'r6', user: 'mallory' }, token },
  ];
  for (const { order, token: shown } of others) {
    const client = await bus.connect(order);
    expect(await client.command('resume', { resume_token: shown, channels: {} })).toMatchObject({
      error_code: 'RESUME_EXPIRED',
      error: 'The session can no longer be resumed; join afresh.',
    });
    // The connection is as good as before.
    await client.must('join_channel', { room: 'r6', channel: 'talk' });
    client.end();
  }
  const back = await bus.connect({ tenant: 'r6', user: 'alice' });
  await resume(back, token, { 'r6:talk': null });
  const late = await bus.connect({ tenant: 'r6', user: 'alice' });
  expect(await late.command('resume', { resume_token: token, channels: {} })).toMatchObject({
    error_code: 'RESUME_EXPIRED',
  });
  for (const client of [back, late, friend]) client.end();
});

test('[PRT-7] of many who show one token at once, one gets the session', async () => {
  const { alice, friend } = await createPair('r7');
  alice.lose();
  const racers = await Promise.all(Array.from({ length: 8 }, () => bus.connect({ tenant: 'r7', user: 'alice' })));
  const args = { resume_token: tokenOf(alice), channels: { 'r7:talk': null } };
  const answers = await Promise.all(racers.map((racer) => racer.command('resume', args)));
  const codes = answers.map(({ error_code: code = 'ok' }) => code).toSorted();
  expect(codes).toEqual([...Array.from({ length: 7 }, () => 'RESUME_EXPIRED'), 'ok']);
  for (const client of [...racers, friend]) client.end();
});

test('[PRT-7] who said goodbye, or was sent away by an operator, has no session to resume', async () => {
  const admin = await bus.connect({ tenant: 'r8', user: 'root', role: 'admin' });
  const [bye, thrown] = [await bus.connect({ tenant: 'r8' }), await bus.connect({ tenant: 'r8' })];
  bye.end();
  await bye.closed();
  await admin.must('op.session.disconnect', { client_id: thrown.clientId });
  expect((await thrown.closed()).code).toBe(4403);
  for (const gone of [bye, thrown]) {
    const back = await bus.connect({ tenant: 'r8' });
    const answer = await back.command('resume', { resume_token: tokenOf(gone), channels: {} });
    expect(answer).toMatchObject({ error_code: 'RESUME_EXPIRED' });
    back.end();
  }
  admin.end();
});

test('[PRT-7] [PRT-10] bad arguments are named, and a connection that has joined resumes nothing', async () => {
  const client = await bus.connect({ tenant: 'r9' });
  const bad = [
    { channels: { nonsense: null } },
    { channels: { 'a:b': { epoch: 'x' } } },
    { channels: { 'a:b': 7 } },
    { channels: [] },
    {},
  ];
  for (const args of bad) {
    const answer = await client.command('resume', { resume_token: 'x', ...args });
    expect(answer).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      payload: { errors: [{ field: expect.stringMatching(/^args/) }] },
    });
  }
  await client.must('join_channel', { room: 'r9', channel: 'talk' });
  const answer = await client.command('resume', { resume_token: tokenOf(client), channels: {} });
  expect(answer).toMatchObject({ error_code: 'CONFLICT' });
  client.end();
});

test('[PRT-7] [TEL-2] tries and replaced connections are counted', async () => {
  expect(await bus.metric('arqonbus_resumes_total{outcome="resumed"}')).toBeGreaterThan(5);
  expect(await bus.metric('arqonbus_resumes_total{outcome="expired"}')).toBeGreaterThan(5);
  expect(await bus.metric('arqonbus_sessions_replaced_total')).toBeGreaterThan(0);
});
