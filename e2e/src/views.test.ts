import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Frame, JsonClient } from './harness/json-client.ts';
import { connectProto, payloadOf } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What one reader sees in full and another masked (CAS-12); in a cluster they are at different Shields.

const card = '4111 1111 1111 1111';
const full = { text: `card ${card}` };
const masked = { text: 'card ***REDACTED***' };
const target = { room: 'lab', channel: 'bench' };

let bus: Bus;
let tenant = '';
let tenants = 0;
const clients: { end(): void }[] = [];

beforeAll(async () => {
  bus = await startBus({
    ...roomyLimits,
    ARQONBUS_CASIL_ENABLED: 'true',
    ARQONBUS_CASIL_MODE: 'enforce',
    ARQONBUS_CASIL_VIEWS: 'role:moderator=card_number,grant=*',
    ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug',
  });
});

beforeEach(() => {
  tenant = `views-${++tenants}`;
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

afterAll(() => bus.stop());

type Role = 'user' | 'moderator' | 'admin';

async function enter(user: string, role: Role = 'user'): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, role });
  clients.push(client);
  return client;
}

async function enterLab(user: string, role: Role = 'user', args: object = {}): Promise<JsonClient> {
  const client = await enter(user, role);
  await client.must('join_channel', { ...target, ...args });
  return client;
}

function cardsIn(publications: unknown): readonly string[] {
  return (publications as readonly Frame[]).map(({ payload }) => (payload['text'] === full.text ? 'full' : 'masked'));
}

test('[CAS-12] a moderator sees in full what others see masked: as it comes, privately, in both formats', async () => {
  const alice = await enterLab('alice');
  const readers = [await enterLab('bob'), await enterLab('mia', 'moderator'), await enterLab('root', 'admin')];
  const binary = [
    await connectProto({ port: bus.port, token: await bus.token({ tenant, user: 'ben' }) }),
    await connectProto({ port: bus.port, token: await bus.token({ tenant, user: 'max', role: 'moderator' }) }),
  ];
  clients.push(...binary);
  for (const client of binary) await client.join('lab', 'bench');
  expect(await alice.publish('lab:bench', full)).toMatchObject({ status: 'success' });
  const seen = await Promise.all(readers.map(async (reader) => (await reader.nextEvent()).payload));
  expect(seen).toEqual([masked, full, masked]);
  const events = await Promise.all(binary.map((client) => client.next(({ type }) => type === 'event')));
  expect(events.map(payloadOf)).toEqual([masked, full]);
  // What others may see is in no frame of theirs.
  expect(events.map(({ views }) => views.length)).toEqual([0, 0]);
  const [bob, mia] = readers;
  for (const [reader, expected] of [
    [bob, masked],
    [mia, full],
  ] as const) {
    await alice.publish('lab:bench', full, { type: 'private', room: '', to: [reader?.clientId ?? ''] });
    const told = await reader?.next(({ type }) => type === 'private');
    expect(told?.payload).toEqual(expected);
  }
  expect(bus.log()).not.toMatch(/4111.1111/);
});

test('[CAS-12] [LOG-9] [LOG-14] [LOG-19] [PRT-7] the log shows each reader what it may see now: pages, recovery, replays, resuming', async () => {
  const alice = await enterLab('alice');
  const mia = await enter('mia', 'moderator');
  const bob = await enter('bob');
  const { epoch, seq } = await bob.must('join_channel', target);
  await mia.must('join_channel', target);
  for (let n = 0; n < 2; n += 1) await alice.publish('lab:bench', full);
  await alice.must('join_channel', { room: 'lab', channel: 'other' });
  await alice.publish('lab:other', full);
  const readers = [
    [mia, ['full', 'full']],
    [bob, ['masked', 'masked']],
  ] as const;
  const hashes: unknown[] = [];
  for (const [reader, two] of readers) {
    expect(cardsIn((await reader.must('history', target))['publications'])).toEqual(two);
    expect(cardsIn((await reader.must('history', { room: 'lab' }))['publications'])).toEqual([...two, two[0]]);
    const joined = await reader.must('join_channel', { ...target, history: 2 });
    expect(cardsIn(joined['publications'])).toEqual(two);
    const id = `arq_views-replay-${hashes.length}`;
    reader.send({ id, type: 'command', command: 'op.history.replay', args: { ...target, from_seq: 1 } });
    const replayed = [];
    const isOfReplay = (frame: Frame): boolean => JSON.stringify(frame['metadata'] ?? {}).includes(id);
    for (let n = 0; n < 2; n += 1) replayed.push(await reader.next(isOfReplay));
    expect(cardsIn(replayed)).toEqual(two);
    hashes.push((await reader.next(({ request_id: answered }) => answered === id)).payload['hash']);
  }
  expect(hashes[0]).not.toBe(hashes[1]);
  for (const [user, role, expected] of [
    ['mo', 'moderator', full],
    ['bo', 'user', masked],
  ] as const) {
    const late = await enterLab(user, role, { from: { epoch, seq } });
    expect((await late.nextEvent()).payload).toEqual(expected);
    expect((await late.nextEvent()).payload).toEqual(expected);
  }
  const token = String(bob.welcome['resume_token']);
  bob.lose();
  const back = await enter('bob');
  await back.must('resume', { resume_token: token, channels: { 'lab:bench': { epoch, seq } } });
  expect((await back.nextEvent()).payload).toEqual(masked);
});

test('[CAS-12] [PRM-3] a grant shows more within a second, and takes it back in mid-stream, at every Shield', async () => {
  const [alice, bob] = [await enterLab('alice'), await enterLab('bob')];
  const admin = await enter('root', 'admin');
  const seen = async (): Promise<unknown> => {
    await alice.publish('lab:bench', full);
    return (await bob.nextEvent()).payload;
  };
  expect(await seen()).toEqual(masked);
  const wish = { subject: 'user:bob', action: 'reveal', pattern: 'lab:*', effect: 'allow' };
  const changedAt = performance.now();
  const { grant_id: grantId } = await admin.must('op.grant.put', wish);
  await expect.poll(seen).toEqual(full);
  await admin.must('op.grant.delete', { grant_id: grantId });
  await expect.poll(seen).toEqual(masked);
  expect(performance.now() - changedAt).toBeLessThan(2_000);
  // What was seen in full before is not now.
  expect(new Set(cardsIn((await bob.must('history', target))['publications']))).toEqual(new Set(['masked']));
});

test('[CAS-12] [CAS-9] other views are in force within a second for who is connected, and what was sealed before shows no more', async () => {
  const [alice, bob, mia] = [await enterLab('alice'), await enterLab('bob'), await enterLab('mia', 'moderator')];
  const admin = await enter('root', 'admin');
  await alice.publish('lab:bench', full);
  expect((await mia.nextEvent()).payload).toEqual(full);
  await admin.must('op.casil.reload', { views: ['role:user=*'] });
  await bob.nextEvent();
  const seen = async (): Promise<unknown> => {
    await alice.publish('lab:bench', full);
    return Promise.all([bob, mia].map(async (reader) => (await reader.nextEvent()).payload));
  };
  await expect.poll(seen).toEqual([full, masked]);
  const page = async (reader: JsonClient): Promise<unknown> =>
    cardsIn((await reader.must('history', { ...target, limit: 1 }))['publications']);
  expect([await page(bob), await page(mia)]).toEqual([['masked'], ['masked']]);
  for (const views of [['role:root=*'], ['role:user=nothing'], ['a', 'b', 'c', 'd']]) {
    expect(await admin.command('op.casil.reload', { views })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  }
});
