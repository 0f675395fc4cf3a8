import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { countCodes, numbersOf, startPublishing } from './harness/load.ts';
import { report } from './harness/report.ts';

/** Two pings unanswered, begun in the middle of an interval; what a busy machine adds. */
const PING_INTERVAL_MS = 500;
const NOTICED_WITHIN_MS = 3 * PING_INTERVAL_MS + 2_500;
const [NEAR, CUT] = [0, 1];
const talk = { room: 'cut', channel: 'talk' };
const notice = { event: 'discontinuity', ...talk, reason: 'spine' };

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_NATS_PING_INTERVAL_MS: String(PING_INTERVAL_MS) });
});

afterEach(async () => {
  bus.spineProxy.heal();
  await untilReady(true);
});

afterAll(() => bus.stop());

interface Cast {
  readonly near: FollowedClient;
  readonly far: FollowedClient;
  readonly mallory: FollowedClient;
  readonly admin: FollowedClient;
}

async function gather(villain: string): Promise<Cast> {
  const cast = {
    near: await bus.connect(NEAR, { user: 'near' }),
    far: await bus.connect(CUT, { user: 'far' }),
    mallory: await bus.connect(CUT, { user: villain }),
    admin: await bus.connect(NEAR, { user: 'root', role: 'admin' }),
  };
  for (const client of [cast.near, cast.far, cast.mallory]) await client.must('join_channel', talk);
  return cast;
}

async function untilReady(expected: boolean): Promise<void> {
  const isReady = async (): Promise<boolean> => (await bus.health(CUT, 'ready')).code === 200;
  await expect.poll(isReady, { timeout: 10_000, interval: 20 }).toBe(expected);
}

/** What a Shield without the Spine still does, and what it refuses. */
async function checkCutOff(far: FollowedClient): Promise<void> {
  expect(await bus.health(CUT, 'ready')).toMatchObject({ code: 503, status: 'unavailable', checks: { spine: 'down' } });
  expect((await bus.health(CUT, 'live')).code).toBe(200);
  expect((await bus.health(NEAR, 'ready')).code).toBe(200);
  const refused = await bus.knock(CUT, { user: 'late' });
  expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true]);
  expect((await far.publish('cut:talk', 'x')).code).toBe('UNAVAILABLE');
  for (const command of ['join_channel', 'list_rooms', 'status', 'channel_info', 'list_channels'])
    expect([command, (await far.command(command, { room: 'other', channel: 'x' })).code]).toEqual([
      command,
      'UNAVAILABLE',
    ]);
  expect(await far.must('ping')).toMatchObject({ pong: true });
  expect((await far.must('help'))['commands']).toBeInstanceOf(Array);
  expect(far.isClosed()).toBe(false);
}

/** What clients and lists find once it is whole again, without a client's doing. */
async function checkHealed({ near, far, admin }: Cast): Promise<void> {
  await expect.poll(() => far.systems).toContainEqual(notice);
  expect(near.systems).toEqual([]);
  expect((await near.publish('cut:talk', 'after')).code).toBe('ok');
  expect((await far.publish('cut:talk', 'after')).code).toBe('ok');
  for (const client of [near, far]) await expect.poll(() => client.events.at(-1)?.payload).toBe('after');
  const counts = async (): Promise<unknown> => {
    const { members, participants } = await near.must('channel_info', talk);
    const { connections } = await admin.must('status');
    return [members, (participants as readonly { user: string }[]).map(({ user }) => user).toSorted(), connections];
  };
  await expect.poll(counts, { timeout: 12_000 }).toEqual([2, ['far', 'near'], 3]);
}

test.for([
  ['a cut link', 'mallory', () => bus.spineProxy.cut()],
  ['a half-open link', 'malvina', () => bus.spineProxy.blackhole()],
] as const)(
  '[SPN-4] [SPN-6] R-11: a Shield behind %s keeps its sockets, refuses, and is whole again after it, bans included',
  async ([what, villain, harm]) => {
    const cast = await gather(villain);
    const { near, far, mallory, admin } = cast;
    const [load, attack] = [startPublishing(far, 'cut:talk', 20), startPublishing(mallory, 'cut:talk', 5)];
    await load.more(20);

    const harmedAt = performance.now();
    harm();
    await untilReady(false);
    const noticedMs = performance.now() - harmedAt;
    await load.more(1, ['UNAVAILABLE']);
    await checkCutOff(far);
    await admin.must('op.session.disconnect', { user: villain, ban_for_ms: 600_000 });
    await attack.more(50, ['UNAVAILABLE']);
    expect(mallory.isClosed()).toBe(false);

    const healedAt = performance.now();
    bus.spineProxy.heal();
    expect((await mallory.closed).code).toBe(4403);
    const bannedMs = performance.now() - healedAt;
    await untilReady(true);
    const readyMs = performance.now() - healedAt;
    await load.more(20, ['ok']);
    const [outcomes, attacks] = [await load.stop(), await attack.stop()];
    const refused = await bus.knock(CUT, { user: villain });
    expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('BANNED')]);
    await checkHealed(cast);

    expect(
      Object.keys(countCodes(outcomes)).filter((code) => !['ok', 'UNAVAILABLE', 'TIMEOUT'].includes(code)),
    ).toEqual([]);
    const afterHeal = attacks.filter(({ sentAt }) => sentAt >= healedAt);
    expect(afterHeal.length).toBeGreaterThan(0);
    expect(numbersOf(afterHeal, 'ok')).toEqual([]);
    const forbidden = new Set(afterHeal.map(({ n }) => n));
    for (const witness of [near, far]) {
      const heard = witness.events
        .filter(({ sender }) => sender === mallory.clientId)
        .map(({ payload }) => Number(payload));
      expect(heard.filter((n) => forbidden.has(n))).toEqual([]);
    }
    expect(noticedMs).toBeLessThan(NOTICED_WITHIN_MS);
    report(`Spine behind ${what}`, { 'noticed ms': noticedMs, 'banned ms': bannedMs, 'ready ms': readyMs });
    for (const client of Object.values(cast)) client.end();
    await expect.poll(async () => bus.metric(CUT, 'arqonbus_connections')).toBe(0);
  },
);

test('[SPN-4] who is on a Shield without the Spine may still leave a channel, and hears no more of it', async () => {
  const near = await bus.connect(NEAR, { user: 'near' });
  const leaver = await bus.connect(CUT, { user: 'leaver' });
  for (const client of [near, leaver]) await client.must('join_channel', talk);
  bus.spineProxy.cut();
  await untilReady(false);
  expect((await leaver.command('leave_channel', talk)).code).toBe('ok');
  bus.spineProxy.heal();
  await untilReady(true);
  await near.publish('cut:talk', 'not for you');
  await leaver.must('ping');
  expect([leaver.events, leaver.systems]).toEqual([[], []]);
  for (const client of [near, leaver]) client.end();
});

test('[SPN-6] [PRM-3] a Shield that was cut off hears nobody before it knows what was taken from whom meanwhile', async () => {
  const admin = await bus.connect(NEAR, { user: 'root', role: 'admin' });
  const writer = await bus.connect(CUT, { user: 'writer' });
  for (const client of [admin, writer]) await client.must('join_channel', talk);
  const load = startPublishing(writer, 'cut:talk', 5);
  await load.more(20, ['ok']);
  bus.spineProxy.cut();
  await untilReady(false);
  await load.more(5, ['UNAVAILABLE']);
  await admin.must('op.grant.put', { subject: 'user:writer', action: 'publish', pattern: 'cut:*', effect: 'deny' });
  const healedAt = performance.now();
  bus.spineProxy.heal();
  await load.more(20, ['AUTHORIZATION_ERROR']);
  const afterHeal = (await load.stop()).filter(({ sentAt }) => sentAt >= healedAt);
  expect(numbersOf(afterHeal, 'ok')).toEqual([]);
  for (const client of [admin, writer]) client.end();
});
