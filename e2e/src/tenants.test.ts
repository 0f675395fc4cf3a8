import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Frame } from './harness/json-client.ts';
import type { Bus } from './harness/start-bus.ts';

// Two tenants with the same names for everything. Whatever lists, counts, reads or delivers must keep them apart.
let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

const target = { room: 'shared', channel: 'name' };

test('[AUT-4] [PRD-4] nothing published in one tenant is delivered, listed or counted in another', async () => {
  const canary = 'canary-8f1c2d';
  const acme = await bus.connect({ tenant: 'acme', user: 'alice' });
  const rival = await bus.connect({ tenant: 'rival', user: 'alice', role: 'admin' });
  await rival.must('join_channel', { ...target, presence: true });
  await acme.must('join_channel', { ...target, presence: true });
  await acme.publish('shared:name', canary);
  await acme.publish('shared:*', canary);
  await acme.must('join_channel', { room: `only-${canary}`, channel: canary });

  const ask = [
    ['channel_info', target],
    ['list_rooms', {}],
    ['list_channels', { room: 'shared' }],
    ['join_channel', { ...target, history: 100, presence: true }],
    ['status', {}],
  ] as const;
  const answers: Frame['payload'][] = [];
  for (const [name, args] of ask) answers.push(await rival.must(name, args));
  expect(await rival.command('list_channels', { room: `only-${canary}` })).toMatchObject({
    error_code: 'ROOM_NOT_FOUND',
  });
  const unseen = await rival.command('channel_info', { room: `only-${canary}`, channel: canary });
  expect(unseen).toMatchObject({ error_code: 'CHANNEL_NOT_FOUND' });

  const [info, , channels, rejoined, status] = answers;
  expect(info).toMatchObject({ members: 1, participants: [{ client_id: rival.clientId }] });
  expect(channels).toMatchObject({ channels: [{ members: 1 }] });
  expect(rejoined).toMatchObject({ members: [{ client_id: rival.clientId }], publications: [] });
  expect(status).toMatchObject({ connections: 1 });
  expect(JSON.stringify(answers)).not.toContain(canary);
  expect(rival.socket.pending()).toBe(0);
  for (const client of [acme, rival]) client.end();
});

test('[AUT-4] [PRD-4] the log of a channel holds nothing of its namesake in another tenant', async () => {
  const canary = 'canary-5b09e7';
  const acme = await bus.connect({ tenant: 'acme', user: 'alice' });
  const rival = await bus.connect({ tenant: 'rival', user: 'alice', role: 'admin' });
  const logged = { room: 'logged', channel: 'name' };
  const { epoch, seq } = await rival.must('join_channel', logged);
  await acme.must('join_channel', logged);
  await acme.publish('logged:name', canary);
  await acme.publish('logged:*', canary);
  const answers = [
    await rival.must('history', logged),
    await rival.must('history', { ...logged, channel: '*' }),
    await rival.must('channel_info', logged),
    await rival.must('join_channel', { ...logged, history: 100, from: { epoch, seq } }),
  ];
  const empty = { publications: [] };
  expect(answers).toMatchObject([empty, empty, { log: { first_seq: 0, last_seq: 0 } }, { ...empty, recovered: true }]);
  expect(JSON.stringify(answers)).not.toContain(canary);
  expect(rival.socket.pending()).toBe(0);
  for (const client of [acme, rival]) client.end();
});

test('[AUT-4] private messages, disconnects and bans stay in their tenant', async () => {
  const acme = await bus.connect({ tenant: 'acme', user: 'alice' });
  const rival = await bus.connect({ tenant: 'rival', user: 'alice', role: 'admin' });
  for (const to of [acme.clientId, 'user:bob']) {
    const refused = await rival.publish('', 'hi', { type: 'private', to, room: undefined });
    expect(refused).toMatchObject({ error_code: 'TARGET_NOT_FOUND' });
  }
  const foreign = await rival.command('op.session.disconnect', { client_id: acme.clientId });
  expect(foreign).toMatchObject({ error_code: 'TARGET_NOT_FOUND' });
  expect(await rival.must('op.session.disconnect', { user: 'bob', ban_for_ms: 60_000 })).toEqual({ disconnected: 0 });
  const bob = await bus.connect({ tenant: 'acme', user: 'bob' });
  expect(await bob.must('ping')).toMatchObject({ pong: true });
  expect(await acme.must('ping')).toMatchObject({ pong: true });
  const admin = await bus.connect({ tenant: 'acme', user: 'root', role: 'admin' });
  expect(await admin.must('op.ban.list')).toEqual({ items: [] });
  expect(await admin.must('op.ban.lift', { user: 'bob' })).toEqual({ lifted: false });
  for (const client of [acme, rival, bob, admin]) client.end();
});

test('[AUT-4] a tenant named anywhere but in the token is ignored', async () => {
  const rival = await bus.connect({ tenant: 'rival', user: 'eve' }, 'tenant=acme&tenant_id=acme');
  expect(rival.welcome['tenant']).toBe('rival');
  const acme = await bus.connect({ tenant: 'acme', user: 'alice' });
  const witness = await bus.connect({ tenant: 'rival', user: 'will' });
  for (const client of [rival, acme, witness]) await client.must('join_channel', { room: 'spoof', channel: 'it' });
  const spoofed = {
    tenant: 'acme',
    tenant_id: 'acme',
    metadata: { tenant_id: 'acme', note: 'mine' },
    sender: acme.clientId,
  };
  await rival.publish('spoof:it', 'hello', spoofed);
  const seen = await witness.nextEvent();
  expect(seen).toMatchObject({ sender: rival.clientId, metadata: { tenant_id: 'rival', note: 'mine' } });
  expect(JSON.stringify(seen)).not.toContain('acme');
  expect(acme.socket.pending()).toBe(0);
  for (const client of [rival, acme, witness]) client.end();
});
