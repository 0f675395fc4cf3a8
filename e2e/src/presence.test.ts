import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { connectProto } from './harness/proto-client.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Who is there, as clients on one Shield or on several see it.

const LINGER_MS = 1_500;
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_PRESENCE_LINGER_MS: String(LINGER_MS), ARQONBUS_PRESENCE_MAX_LISTED: '4' });
});

afterAll(() => bus.stop());

interface Told {
  readonly joins: readonly { client_id: string; user: string; first_of_user?: true; status: string; meta?: object }[];
  readonly leaves: readonly { client_id: string; user: string; last_of_user?: true }[];
  readonly updates: readonly { client_id: string; status: string; meta?: object }[];
  readonly total: number;
  readonly counts_only?: true;
  readonly reset?: true;
}

async function nextPresence(client: JsonClient): Promise<Told & Frame['payload']> {
  return (await client.nextSystem('presence')).payload as unknown as Told & Frame['payload'];
}

async function watch(room: string, user: string, args: object = {}): Promise<[JsonClient, Frame['payload']]> {
  const client = await bus.connect({ tenant: room, user });
  return [client, await client.must('join_channel', { room, channel: 'ward', presence: true, ...args })];
}

/** Told and not told are compared after this: what was published before is delivered before. */
async function settle(clients: readonly JsonClient[], room: string): Promise<void> {
  const [first] = clients;
  await first?.publish(`${room}:ward`, 'settled');
}

test('[PRS-1] [PRS-5] who watches gets the members, then who comes, changes and goes; the rest of the channel does not', async () => {
  const [alice, joined] = await watch('r1', 'alice', { meta: { seat: 1 } });
  expect(joined).toMatchObject({
    total: 1,
    members: [{ client_id: alice.clientId, user: 'alice', meta: { seat: 1 } }],
  });
  const deaf = await bus.connect({ tenant: 'r1', user: 'deaf' });
  await deaf.must('join_channel', { room: 'r1', channel: 'ward' });
  expect(await nextPresence(alice)).toMatchObject({
    room: 'r1',
    channel: 'ward',
    joins: [{ client_id: deaf.clientId, user: 'deaf', first_of_user: true, status: '' }],
    leaves: [],
    updates: [],
    total: 2,
  });
  await deaf.must('set_status', { status: 'away 🌙', meta: { until: 'noon' } });
  expect(await nextPresence(alice)).toMatchObject({
    joins: [],
    updates: [{ client_id: deaf.clientId, status: 'away 🌙', meta: { until: 'noon' } }],
  });
  await deaf.must('leave_channel', { room: 'r1', channel: 'ward' });
  const left = { client_id: deaf.clientId, user: 'deaf', last_of_user: true };
  expect(await nextPresence(alice)).toMatchObject({ joins: [], leaves: [left], total: 1 });
  expect(deaf.socket.pending()).toBe(0);
  for (const client of [alice, deaf]) client.end();
});

test('[PRS-1] a Protobuf client watches as well, and a whole room can be watched', async () => {
  const [alice] = await watch('r2', 'alice', { channel: '*' });
  const proto = await connectProto({ port: bus.port, token: await bus.token({ tenant: 'r2', user: 'agent' }) });
  expect(await proto.join('r2', 'attic', { presence: true })).toMatchObject({ total: 1 });
  expect(await nextPresence(alice)).toMatchObject({ channel: '*', joins: [{ user: 'agent' }], total: 1 });
  await proto.join('r2', 'cellar');
  const bob = await bus.connect({ tenant: 'r2', user: 'bob' });
  await bob.must('join_channel', { room: 'r2', channel: 'attic' });
  // Of the second channel of the same client nothing is told.
  expect(await nextPresence(alice)).toMatchObject({ joins: [{ user: 'bob' }], total: 2 });
  const { payload } = await proto.next(({ type }) => type === 'system');
  expect(JSON.parse(new TextDecoder().decode(payload))).toMatchObject({ event: 'presence', joins: [{ user: 'bob' }] });
  for (const client of [alice, proto, bob]) client.end();
});

test('[PRS-3] several connections of a user are one person: told as the first comes and the last goes', async () => {
  const [alice] = await watch('r3', 'alice');
  const first = await bus.connect({ tenant: 'r3', user: 'bob' });
  await first.must('join_channel', { room: 'r3', channel: 'ward' });
  expect((await nextPresence(alice)).joins[0]?.first_of_user).toBe(true);
  const second = await bus.connect({ tenant: 'r3', user: 'bob' });
  await second.must('join_channel', { room: 'r3', channel: 'ward' });
  expect((await nextPresence(alice)).joins[0]).not.toHaveProperty('first_of_user');
  first.end();
  expect((await nextPresence(alice)).leaves[0]).not.toHaveProperty('last_of_user');
  second.end();
  expect((await nextPresence(alice)).leaves[0]?.last_of_user).toBe(true);
  alice.end();
});

test('[PRS-2] a lost connection stays a member for a while: who is back in time was never away, as a person', async () => {
  const [alice] = await watch('r4', 'alice');
  const bob = await bus.connect({ tenant: 'r4', user: 'bob' });
  await bob.must('join_channel', { room: 'r4', channel: 'ward' });
  await nextPresence(alice);
  const lostAt = performance.now();
  bob.lose();
  await expect.poll(async () => (await alice.must('status'))['connections']).toBe(1);
  expect(await alice.must('presence', { room: 'r4', channel: 'ward' })).toMatchObject({ total: 2 });
  const again = await bus.connect({ tenant: 'r4', user: 'bob' });
  await again.must('join_channel', { room: 'r4', channel: 'ward' });
  expect((await nextPresence(alice)).joins[0]).not.toHaveProperty('first_of_user');
  const { leaves, total } = await nextPresence(alice);
  expect(performance.now() - lostAt).toBeGreaterThanOrEqual(LINGER_MS);
  expect([leaves, total]).toEqual([[{ client_id: bob.clientId, user: 'bob' }], 2]);
  for (const client of [alice, again]) client.end();
});

test('[PRS-3] beyond the limit only the number is told; with few again, everybody', async () => {
  const [alice] = await watch('r5', 'alice');
  const crowd = await Promise.all(['b', 'c', 'd', 'e'].map((user) => bus.connect({ tenant: 'r5', user })));
  for (const client of crowd) await client.must('join_channel', { room: 'r5', channel: 'ward' });
  const untilTold = async (fits: (told: Told) => boolean): Promise<Told> => {
    for (;;) {
      const told = await nextPresence(alice);
      if (fits(told)) return told;
    }
  };
  expect(await untilTold((told) => told.total === 5)).toMatchObject({ counts_only: true, joins: [] });
  const [late, joined] = await watch('r5', 'late');
  expect(joined).toMatchObject({ counts_only: true });
  expect(joined).not.toHaveProperty('members');
  for (const client of [late, ...crowd.slice(2)]) client.end();
  const told = await untilTold(({ reset }) => reset === true);
  expect(told.joins.map(({ user }) => user).toSorted()).toEqual(['alice', 'b', 'c']);
  for (const client of [alice, ...crowd.slice(0, 2)]) client.end();
});

test('[PRS-4] lists are paged, each member once', async () => {
  const users = ['p1', 'p2', 'p3', 'p4', 'p5'];
  const clients = await Promise.all(users.map((user) => bus.connect({ tenant: 'r6', user })));
  for (const client of clients) await client.must('join_channel', { room: 'r6', channel: 'ward' });
  const [reader] = clients;
  const seen: string[] = [];
  let cursor: unknown;
  do {
    const page = await (reader as JsonClient).must('presence', {
      room: 'r6',
      limit: 2,
      ...(cursor === undefined ? {} : { cursor }),
    });
    seen.push(...(page['members'] as readonly { user: string }[]).map(({ user }) => user));
    cursor = page['cursor'];
  } while (cursor !== undefined);
  expect(seen.toSorted()).toEqual(users);
  for (const client of clients) client.end();
});

test('[PRD-4] [PRM-5] another tenant sees nobody, and who may not see members is refused', async () => {
  const [alice] = await watch('r7', 'alice');
  const stranger = await bus.connect({ tenant: 'globex', user: 'eve' });
  const joined = await stranger.must('join_channel', { room: 'r7', channel: 'ward', presence: true });
  expect(joined).toMatchObject({ total: 1, members: [{ user: 'eve' }] });
  await stranger.must('set_status', { status: 'canary' });
  const denied = { action: 'presence', pattern: 'r7:*', effect: 'deny' } as const;
  const blind = await bus.connect({ tenant: 'r7', user: 'blind', permissions: [denied] });
  const refused = await blind.command('join_channel', { room: 'r7', channel: 'ward', presence: true });
  expect(refused.error_code).toBe('AUTHORIZATION_ERROR');
  expect((await blind.command('presence', { room: 'r7' })).error_code).toBe('AUTHORIZATION_ERROR');
  await settle([alice], 'r7');
  expect(alice.socket.pending()).toBe(0);
  for (const client of [alice, stranger, blind]) client.end();
});

test('[PRS-1] what does not fit is refused, and changes nothing', async () => {
  const [alice] = await watch('r8', 'alice');
  const large = { note: 'ä'.repeat(600) };
  for (const args of [{ meta: large }, { status: 'x'.repeat(65) }, { meta: [1] }, { meta: 'x' }]) {
    const answer = await alice.command('set_status', args);
    expect(['PAYLOAD_TOO_LARGE', 'VALIDATION_ERROR']).toContain(answer.error_code);
  }
  expect((await alice.command('join_channel', { room: 'r8', channel: 'other', meta: large })).error_code).toBe(
    'PAYLOAD_TOO_LARGE',
  );
  const { members } = await alice.must('presence', { room: 'r8' });
  expect(members).toMatchObject([{ status: '' }]);
  alice.end();
});
