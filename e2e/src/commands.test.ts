import { afterAll, beforeAll, expect, test } from 'vitest';
import { commands } from '@arqonbus/protocol';
import type { JsonClient } from './harness/json-client.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_PRESENCE_LINGER_MS: '1000' });
});

afterAll(() => bus.stop());

test('[PRT-14] ping is answered with the time', async () => {
  const alice = await bus.connect();
  const { pong, server_time: time } = await alice.must('ping');
  expect(pong).toBe(true);
  expect(Math.abs(Date.parse(String(time)) - Date.now())).toBeLessThan(5_000);
  alice.end();
});

test('[PRT-21] help lists the registry, and hides what the caller may not use', async () => {
  const [admin, user, guest] = await Promise.all([
    bus.connect({ user: 'root', role: 'admin' }),
    bus.connect(),
    bus.connect({ user: 'visitor', role: 'guest' }),
  ]);
  const namesOf = async (client: typeof admin): Promise<string[]> => {
    const { commands: list } = await client.must('help');
    return (list as { name: string }[]).map(({ name }) => name);
  };
  expect(await namesOf(admin)).toEqual(Object.keys(commands));
  expect(await namesOf(user)).not.toContain('op.ban.list');
  expect(await namesOf(guest)).toEqual([
    'ping',
    'status',
    'help',
    'refresh',
    'resume',
    'leave_channel',
    'list_channels',
    'list_rooms',
    'set_status',
    'op.history.replay.cancel',
    ...['list', 'get', 'cancel', 'pause', 'resume', 'runs'].map((verb) => `op.cron.${verb}`),
    'op.omega.status',
    'operator.list',
    'operator.find',
    'task.cancel',
    'task.get',
  ]);
  const { commands: one } = await user.must('help', { command: 'join_channel' });
  expect(one).toMatchObject([{ name: 'join_channel', args: { properties: { echo: { type: 'boolean' } } } }]);
  for (const client of [admin, user, guest]) client.end();
});

test('[PRM-1] a guest joins nothing, a user manages nothing, a user is no administrator', async () => {
  const guest = await bus.connect({ user: 'visitor', role: 'guest' });
  const user = await bus.connect();
  expect(await guest.command('join_channel', { room: 'science', channel: 'general' })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
  expect(await user.command('create_channel', { room: 'science', channel: 'mine' })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
  expect(await user.command('op.ban.list')).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  for (const client of [guest, user]) client.end();
});

test('[PRS-2] a channel lives: created, listed, described, not deleted while somebody is in it, deleted', async () => {
  const mod = await bus.connect({ user: 'mod', role: 'moderator' });
  const alice = await bus.connect({}, 'screen_name=Alice%20A.&client_type=ai-agent&avatar=cat');
  const target = { room: 'lab', channel: 'bench-1' };
  const made = await mod.must('create_channel', { ...target, description: 'First bench', settings: { color: 'red' } });
  expect(made).toMatchObject({ ...target, created_by: 'mod' });
  expect(await mod.command('create_channel', target)).toMatchObject({ error_code: 'CHANNEL_EXISTS' });
  await alice.must('join_channel', target);
  expect(await mod.must('list_channels', { room: 'lab' })).toMatchObject({
    channels: [{ channel: 'bench-1', members: 1, created_by: 'mod', description: 'First bench', hardcoded: false }],
  });
  const info = await mod.must('channel_info', target);
  expect(info).toMatchObject({ channel: 'bench-1', members: 1, settings: { color: 'red' } });
  expect(info['participants']).toMatchObject([
    { client_id: alice.clientId, user: 'alice', client_type: 'ai-agent', screen_name: 'Alice A.', avatar: 'cat' },
  ]);
  expect(await mod.command('delete_channel', target)).toMatchObject({ error_code: 'CHANNEL_NOT_EMPTY' });
  await alice.must('leave_channel', target);
  await mod.must('delete_channel', target);
  expect(await mod.command('channel_info', target)).toMatchObject({ error_code: 'CHANNEL_NOT_FOUND' });
  expect(await mod.command('list_channels', { room: 'lab' })).toMatchObject({ error_code: 'ROOM_NOT_FOUND' });
  for (const client of [mod, alice]) client.end();
});

test('[PRM-4] a room is made, given settings, listed and deleted with its channels, each audited and within its tenant', async () => {
  const [mod, admin, alice, foreign] = await Promise.all([
    bus.connect({ user: 'mod', role: 'moderator' }),
    bus.connect({ user: 'root', role: 'admin' }),
    bus.connect(),
    bus.connect({ user: 'mallory', tenant: 'globex', role: 'moderator' }),
  ]);
  const room = 'made.room';
  const settings = { color: 'Blau \u{1f680}', levels: [1, 2] };
  expect(await mod.must('op.room.create', { room, settings })).toEqual({ room, settings });
  expect(await mod.command('op.room.create', { room })).toMatchObject({ error_code: 'CONFLICT' });
  const listed = async (client: JsonClient): Promise<unknown> => {
    const { rooms } = await client.must('list_rooms', { limit: 1_000 });
    return (rooms as { room: string }[]).find((found) => found.room === room);
  };
  await expect.poll(() => listed(alice)).toEqual({ room, channels: 0, members: 0 });
  expect(await alice.must('list_channels', { room })).toEqual({ channels: [] });
  for (const args of [{ room }, { room, settings: {} }]) {
    expect(await foreign.command('op.room.settings', args)).toMatchObject({ error_code: 'ROOM_NOT_FOUND' });
  }
  expect(await foreign.command('op.room.delete', { room })).toMatchObject({ error_code: 'ROOM_NOT_FOUND' });
  expect(await mod.must('op.room.settings', { room, settings: { color: 'red' } })).toMatchObject({ room });
  expect(await mod.must('op.room.settings', { room })).toEqual({ room, settings: { color: 'red' } });
  await alice.must('join_channel', { room, channel: 'one' });
  await mod.must('create_channel', { room, channel: 'two' });
  expect(await mod.command('op.room.delete', { room })).toMatchObject({ error_code: 'CHANNEL_NOT_EMPTY' });
  await alice.must('leave_channel', { room, channel: 'one' });
  expect(await mod.must('op.room.delete', { room })).toEqual({ room, channels: 2 });
  expect(await mod.command('op.room.settings', { room })).toMatchObject({ error_code: 'ROOM_NOT_FOUND' });
  expect(await alice.command('list_channels', { room })).toMatchObject({ error_code: 'ROOM_NOT_FOUND' });
  for (const command of ['op.room.settings', 'op.room.delete']) {
    const refused = await mod.command(command, { room: 'science', settings: { a: 1 } });
    expect(refused).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  }
  const { items } = await admin.must('op.audit.list', { limit: 1_000 });
  const own = (items as { action: string; target: string; phase: string }[]).filter(
    ({ target }) => target === `room:${room}`,
  );
  expect(own.filter(({ phase }) => phase === 'done').map(({ action }) => action)).toEqual([
    'op.room.create',
    'op.room.settings',
    'op.room.delete',
  ]);
  expect(own.filter(({ phase }) => phase === 'failed')).toHaveLength(1);
  for (const client of [mod, admin, alice, foreign]) client.end();
});

test('[PRS-2] a connection that breaks is in no channel any more, once its time is over', async () => {
  const [mod, alice] = await Promise.all([bus.connect({ user: 'mod', role: 'moderator' }), bus.connect()]);
  await mod.must('create_channel', { room: 'ghosts', channel: 'none' });
  await alice.must('join_channel', { room: 'ghosts', channel: 'none' });
  alice.socket.destroy(true);
  await expect
    .poll(async () => (await mod.must('channel_info', { room: 'ghosts', channel: 'none' }))['members'], {
      timeout: 5_000,
    })
    .toBe(0);
  mod.end();
});

test('[CFG-3] bootstrap rooms are there, and cannot be deleted', async () => {
  const mod = await bus.connect({ user: 'mod', role: 'moderator' });
  const { channels } = await mod.must('list_channels', { room: 'science' });
  const names = (channels as { channel: string; hardcoded: boolean }[])
    .filter(({ hardcoded }) => hardcoded)
    .map(({ channel }) => channel);
  expect(names.toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'design',
    'execute',
    'explore',
    'general',
    'hypothesize',
    'interpret',
    'share',
  ]);
  expect(await mod.command('delete_channel', { room: 'science', channel: 'share' })).toMatchObject({
    error_code: 'AUTHORIZATION_ERROR',
  });
  mod.end();
});

test('[LOG-1] a channel is described with its log, which is empty at first', async () => {
  const alice = await bus.connect();
  const target = { room: 'lab', channel: 'log-1' };
  await alice.must('join_channel', target);
  const { log } = await alice.must('channel_info', target);
  expect(log).toEqual({ epoch: expect.any(String), first_seq: 0, last_seq: 0 });
  const { payload: position } = await alice.publish('lab:log-1', 'first');
  expect((await alice.must('channel_info', target))['log']).toEqual({
    epoch: position['epoch'],
    first_seq: position['seq'],
    last_seq: position['seq'],
  });
  alice.end();
});

test('[PRT-22] history is read page by page, in both orders', async () => {
  const alice = await bus.connect();
  await alice.must('join_channel', { room: 'past', channel: 'pages' });
  for (let n = 1; n <= 7; n++) await alice.publish('past:pages', { n });
  for (const [order, expected] of [
    ['oldest', [1, 2, 3, 4, 5, 6, 7]],
    ['newest', [7, 6, 5, 4, 3, 2, 1]],
  ] as const) {
    const seen: number[] = [];
    let cursor: unknown;
    do {
      const page = await alice.must('history', {
        room: 'past',
        channel: 'pages',
        limit: 3,
        order,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...(page['publications'] as { payload: { n: number } }[]).map(({ payload }) => payload.n));
      cursor = page['cursor'];
    } while (cursor !== undefined);
    expect(seen).toEqual(expected);
  }
  alice.end();
});

test('[LOG-9] a client that comes back with its position gets what it missed, in order, before what is new', async () => {
  const [alice, bob] = await Promise.all([bus.connect(), bus.connect({ user: 'bob' })]);
  const target = { room: 'recover', channel: 'me' };
  await alice.must('join_channel', target);
  const { epoch, seq } = await bob.must('join_channel', target);
  bob.end();
  for (let n = 0; n < 40; n++) await alice.publish('recover:me', n);
  const back = await bus.connect({ user: 'bob' });
  expect(await back.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ recovered: true });
  void alice.publish('recover:me', 40);
  for (let n = 0; n <= 40; n++) expect(await back.nextEvent()).toMatchObject({ payload: n });
  expect(await back.must('join_channel', { ...target, from: { epoch: 'another', seq: 1 } })).toMatchObject({
    recovered: false,
    reason: 'epoch_changed',
  });
  for (const client of [alice, back]) client.end();
});

test('[PRT-6] P-23: a token is refreshed by one of the same person only', async () => {
  const alice = await bus.connect();
  const later = await bus.token({ ttlMs: 7_200_000 });
  const { token_expires_at: expiry } = await alice.must('refresh', { token: later });
  expect(Date.parse(String(expiry))).toBeGreaterThan(Date.parse(String(alice.welcome['token_expires_at'])));
  expect(await alice.command('refresh', { token: await bus.token({ user: 'mallory' }) })).toMatchObject({
    error_code: 'AUTHENTICATION_FAILED',
  });
  expect(await alice.command('refresh', { token: await bus.token({ tenant: 'other' }) })).toMatchObject({
    error_code: 'AUTHENTICATION_FAILED',
  });
  expect(await alice.command('refresh', { token: 'junk' })).toMatchObject({ error_code: 'AUTHENTICATION_FAILED' });
  // Several at once: each is answered by itself, and the one that is refused ends nothing (P-23).
  const foreign = await bus.token({ user: 'mallory' });
  const tokens = [later, foreign, later];
  for (const [n, token] of tokens.entries())
    alice.send({ type: 'command', id: `arq_refresh_${n}`, command: 'refresh', args: { token } });
  const said = new Map<unknown, unknown>();
  while (said.size < tokens.length) {
    const { request_id: id, status } = await alice.next(
      (frame) => frame.request_id?.startsWith('arq_refresh') === true,
    );
    said.set(id, status);
  }
  expect(Object.fromEntries(said)).toEqual({
    arq_refresh_0: 'success',
    arq_refresh_1: 'error',
    arq_refresh_2: 'success',
  });
  expect(await alice.must('status')).toMatchObject({ connections: expect.any(Number) });
  alice.end();
});

test('[AUT-5] an operator ends sessions and bans a user, until the ban is lifted', async () => {
  const [admin, bob] = await Promise.all([bus.connect({ user: 'root', role: 'admin' }), bus.connect({ user: 'bob' })]);
  expect(await admin.must('op.session.disconnect', { user: 'bob', reason: 'spam', ban_for_ms: 600_000 })).toEqual({
    disconnected: 1,
  });
  expect((await bob.closed()).code).toBe(4403);
  await expect(bus.connect({ user: 'bob' })).rejects.toThrow('403');
  const { items } = await admin.must('op.ban.list');
  expect(items).toMatchObject([{ user: 'bob', reason: 'spam' }]);
  expect(await admin.must('op.ban.lift', { user: 'bob' })).toEqual({ lifted: true });
  const back = await bus.connect({ user: 'bob' });
  expect(await back.must('ping')).toMatchObject({ pong: true });
  back.end();
  admin.end();
});
