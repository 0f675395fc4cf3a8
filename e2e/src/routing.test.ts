import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

const rules = [
  { pattern: 'ticker:*', profile: 'live' },
  { pattern: '*:*', profile: 'default' },
];

let bus: Bus;
let strict: Bus;

beforeAll(async () => {
  [bus, strict] = await Promise.all([
    startBus({ ...roomyLimits, ARQONBUS_LOG_RULES: JSON.stringify(rules) }),
    startBus({ ...roomyLimits, ARQONBUS_PRIVATE_SCOPE: 'shared_room' }),
  ]);
});

afterAll(async () => {
  await Promise.all([bus.stop(), strict.stop()]);
});

function isPrivate({ type }: { readonly type: string }): boolean {
  return type === 'private';
}

function whisper(from: JsonClient, to: string | string[], payload: unknown): ReturnType<JsonClient['publish']> {
  return from.publish('', payload, { type: 'private', room: undefined, to });
}

test('[PRT-17] private.scope shared_room lets only those write who share a room', async () => {
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((user) => strict.connect({ user })));
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('not connected');
  await alice.must('join_channel', { room: 'office', channel: 'desk-1' });
  await bob.must('join_channel', { room: 'office', channel: 'desk-2' });
  await carol.must('join_channel', { room: 'garden', channel: 'desk-1' });
  expect(await whisper(alice, bob.clientId, 'same room')).toMatchObject({ status: 'success' });
  expect(await bob.next(isPrivate)).toMatchObject({ payload: 'same room' });
  for (const to of [carol.clientId, 'user:carol']) {
    expect(await whisper(alice, to, 'no room')).toMatchObject({
      error_code: 'TARGET_NOT_FOUND',
      payload: { missing: [to] },
    });
  }
  await bob.must('leave_channel', { room: 'office', channel: 'desk-2' });
  expect(await whisper(alice, bob.clientId, 'left')).toMatchObject({ error_code: 'TARGET_NOT_FOUND' });
  expect([bob.socket.pending(), carol.socket.pending()]).toEqual([0, 0]);
  for (const client of [alice, bob, carol]) client.end();
});

test('[PRT-17] a private message tells no receiver who else got it, and no other room member hears it', async () => {
  const alice = await bus.connect();
  const [bob, carol, dave] = await Promise.all(['bob', 'carol', 'dave'].map((user) => bus.connect({ user })));
  if (bob === undefined || carol === undefined || dave === undefined) throw new Error('not connected');
  for (const client of [alice, bob, carol, dave]) await client.must('join_channel', { room: 'party', channel: 'all' });
  const to = [bob.clientId, 'user:carol', bob.clientId];
  expect(await whisper(alice, to, { secret: 1 })).toMatchObject({ status: 'success' });
  expect(await bob.next(isPrivate)).toMatchObject({ to: [bob.clientId], sender: alice.clientId });
  expect(await carol.next(isPrivate)).toMatchObject({ to: ['user:carol'], sender: alice.clientId });
  await alice.publish('party:all', 'to everybody');
  for (const client of [bob, carol, dave]) {
    expect(await client.nextEvent()).toMatchObject({ payload: 'to everybody' });
    expect(client.socket.pending()).toBe(0);
  }
  for (const client of [alice, bob, carol, dave]) client.end();
});

test('[PRT-17] an unknown target without ack is not told, one of several with ack is named', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  alice.send({ type: 'private', to: ['gone_1'], payload: 1 });
  expect(await whisper(alice, [bob.clientId, 'gone_2', 'user:nobody'], 2)).toMatchObject({
    error_code: 'TARGET_NOT_FOUND',
    payload: { missing: ['gone_2', 'user:nobody'] },
  });
  expect(await bob.next(isPrivate)).toMatchObject({ payload: 2 });
  expect(alice.socket.pending()).toBe(0);
  for (const client of [alice, bob]) client.end();
});

test('[PRT-17] a pm channel with `to` routes like private', async () => {
  const [alice, bob, carol] = await Promise.all(['alice', 'bob', 'carol'].map((user) => bus.connect({ user })));
  if (alice === undefined || bob === undefined || carol === undefined) throw new Error('not connected');
  for (const client of [alice, bob, carol]) await client.must('join_channel', { room: 'club', channel: 'pm' });
  const order = { type: 'event', room: 'club', channel: 'pm', to: bob.clientId };
  expect(await alice.publish('', 'for bob', order)).toMatchObject({ status: 'success' });
  expect(await bob.next(({ type }) => type === 'private' || type === 'event')).toMatchObject({
    sender: alice.clientId,
    payload: 'for bob',
  });
  expect(await alice.publish('club:pm', 'for all')).toMatchObject({ status: 'success' });
  expect(await carol.nextEvent()).toMatchObject({ payload: 'for all' });
  expect(await alice.publish('', 'nobody', { ...order, to: 'gone_3' })).toMatchObject({
    error_code: 'TARGET_NOT_FOUND',
  });
  for (const client of [alice, bob, carol]) client.end();
});

test('[PRT-26] reserved rooms are closed to users, open to admins and to a grant that names them', async () => {
  const user = await bus.connect();
  const star = await bus.connect({ user: 'star', permissions: [{ action: '*', pattern: '*:*', effect: 'allow' }] });
  const named = await bus.connect({
    user: 'named',
    permissions: [{ action: 'join', pattern: 'integriguard:*', effect: 'allow' }],
  });
  const admin = await bus.connect({ user: 'root', role: 'admin' });
  for (const [room, channel] of [
    ['integriguard', 'telemetry-stream'],
    ['omega-lab', 'bench'],
  ]) {
    for (const client of [user, star]) {
      expect(await client.command('join_channel', { room, channel })).toMatchObject({
        error_code: 'AUTHORIZATION_ERROR',
      });
      expect(await client.publish(`${room}:${channel}`, 1)).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
    }
    expect(await admin.must('join_channel', { room, channel })).toEqual({ room, channel });
  }
  expect(await named.must('join_channel', { room: 'integriguard', channel: 'x' })).toEqual({
    room: 'integriguard',
    channel: 'x',
  });
  expect(await named.command('join_channel', { room: 'omega-lab', channel: 'x' })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
  for (const client of [user, star, named, admin]) client.end();
});

test('[PRT-26] telemetry goes to integriguard:telemetry-stream of the own tenant, whatever it names', async () => {
  const admin = await bus.connect({ user: 'root', role: 'admin' });
  const foreign = await bus.connect({ user: 'root', role: 'admin', tenant: 'rival' });
  const user = await bus.connect();
  const target = { room: 'integriguard', channel: 'telemetry-stream' };
  for (const client of [admin, foreign]) await client.must('join_channel', target);
  const payload = { eventType: 'agent_step', payload: { step: 3 } };
  expect(await user.publish('science:general', payload, { type: 'telemetry' })).toMatchObject({ status: 'success' });
  // The channel carries what happens in the tenant as well (TEL-4).
  const isStep = (frame: Frame): boolean => frame.type === 'telemetry' && frame.payload['eventType'] === 'agent_step';
  const seen = await admin.next(isStep);
  expect(seen).toMatchObject({ ...target, sender: user.clientId, payload, metadata: { tenant_id: 'acme' } });
  expect(await user.publish('', { eventType: '' }, { type: 'telemetry' })).toMatchObject({
    error_code: 'VALIDATION_ERROR',
  });
  const heard: Frame[] = [];
  foreign.send({ type: 'command', command: 'ping' });
  await foreign.next((frame) => heard.push(frame) > 0 && frame.type === 'response');
  expect(heard.filter(isStep)).toEqual([]);
  for (const client of [admin, foreign, user]) client.end();
});

test('[PRT-16] [LOG-1] a live channel has no positions, no history, and nothing to recover', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  const target = { room: 'ticker', channel: 'eur-usd' };
  for (const client of [alice, bob]) expect(await client.must('join_channel', target)).toEqual(target);
  expect((await alice.publish('ticker:eur-usd', 1.0842)).payload).toEqual({});
  const event = await bob.nextEvent();
  expect(event).toMatchObject({ ...target, payload: 1.0842 });
  for (const name of ['seq', 'prev_seq', 'epoch']) expect(event).not.toHaveProperty(name);
  const from = { epoch: 'e1', seq: 0 };
  expect(await bob.must('join_channel', { ...target, from })).toEqual({
    ...target,
    recovered: false,
    reason: 'no_log',
  });
  expect(await bob.must('join_channel', { ...target, history: 10 })).toEqual({ ...target, publications: [] });
  expect(await bob.command('history', target)).toMatchObject({ error_code: 'FEATURE_DISABLED' });
  expect(await bob.command('history', { room: 'ticker', channel: '*' })).toMatchObject({
    error_code: 'FEATURE_DISABLED',
  });
  expect(await bob.must('channel_info', target)).not.toHaveProperty('log');
  for (const client of [alice, bob]) client.end();
});

test('[PRT-16] the room pseudo-channel needs the right on room:*, and a membership', async () => {
  const [alice, bob, outsider] = await Promise.all(['alice', 'bob', 'outsider'].map((user) => bus.connect({ user })));
  const muted = await bus.connect({
    user: 'muted',
    permissions: [{ action: 'publish', pattern: 'hall:*', effect: 'deny' }],
  });
  if (alice === undefined || bob === undefined || outsider === undefined) throw new Error('not connected');
  await alice.must('join_channel', { room: 'hall', channel: 'left' });
  await bob.must('join_channel', { room: 'hall', channel: 'right' });
  await muted.must('join_channel', { room: 'hall', channel: 'left' });
  expect(await outsider.publish('hall:*', 'hi')).toMatchObject({ error_code: 'NOT_SUBSCRIBED' });
  expect(await muted.publish('hall:*', 'hi')).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  expect(await alice.publish('hall:*', 'fire drill')).toMatchObject({ status: 'success' });
  for (const client of [bob, muted]) {
    expect(await client.nextEvent()).toMatchObject({ room: 'hall', channel: '*', payload: 'fire drill' });
  }
  for (const client of [alice, bob, outsider, muted]) client.end();
});

test('[PRT-16] [LOG-3] the room pseudo-channel has a log of its own', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  await alice.must('join_channel', { room: 'foyer', channel: 'left' });
  await bob.must('join_channel', { room: 'foyer', channel: 'right' });
  const { payload } = await alice.publish('foyer:*', 'fire drill');
  expect(payload).toEqual({ seq: expect.any(Number), epoch: expect.any(String) });
  expect(await bob.nextEvent()).toMatchObject({ room: 'foyer', channel: '*', ...payload });
  const { publications } = await bob.must('history', { room: 'foyer', channel: '*' });
  expect(publications).toMatchObject([{ payload: 'fire drill', ...payload }]);
  for (const client of [alice, bob]) client.end();
});

test('[PRT-18] nobody but the server sends system messages', async () => {
  const admin = await bus.connect({ user: 'root', role: 'admin' });
  const refused = await admin.publish('*', { event: 'going_away' }, { type: 'system' });
  expect(refused).toMatchObject({ type: 'error', error_code: expect.stringMatching(/VALIDATION_ERROR|UNKNOWN_TYPE/) });
  admin.end();
});
