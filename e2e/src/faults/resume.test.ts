import { SHIPPED_RULES } from '@arqonbus/config';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectJson } from '../harness/json-client.ts';
import type { Frame, JsonClient } from '../harness/json-client.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { report } from './harness/report.ts';

/** Shorter than any absence here, so that only the lease of a killed Shield hides one. */
const LINGER_MS = 1_000;
const WINDOW_MS = 15_000;
const LEASE_MS = 10_000;
/** "Degraded modes": within 2 s; what a busy machine adds. */
const REFUSED_WITHIN_MS = 2_000 + 700;
const [NEAR, FAR] = [0, 1];

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES),
    ARQONBUS_PRESENCE_LINGER_MS: String(LINGER_MS),
    ARQONBUS_RESUME_WINDOW_MS: String(WINDOW_MS),
    ARQONBUS_NATS_PING_INTERVAL_MS: '500',
  });
});

afterEach(() => bus.spineProxy.heal());

afterAll(() => bus.stop());

interface Cast {
  /** Watches the members from the first Shield. */
  readonly friend: FollowedClient;
  /** On the second Shield. */
  readonly lost: JsonClient;
  readonly position: Frame['payload'];
}

async function gather(room: string): Promise<Cast> {
  const friend = await bus.connect(NEAR, { user: 'friend' });
  await friend.must('join_channel', { room, channel: 'talk', presence: true });
  const lost = await connectJson({ port: bus.port(FAR), token: await bus.token(), answerPings: true });
  const { epoch, seq } = await lost.must('join_channel', { room, channel: 'talk' });
  await expect.poll(() => presenceOf(friend)).toEqual([`+${lost.clientId}`]);
  return { friend, lost, position: { epoch, seq } };
}

type Change = { readonly client_id: string };

/** Who came (+) and went (-), as a friend was told. */
function presenceOf({ systems }: FollowedClient): string[] {
  return systems.flatMap(({ joins, leaves }) => [
    ...((joins ?? []) as readonly Change[]).map((member) => `+${member.client_id}`),
    ...((leaves ?? []) as readonly Change[]).map((member) => `-${member.client_id}`),
  ]);
}

/** Comes back on the first Shield, and gives the answer to its `resume`. */
async function comeBack({ lost, position }: Cast, room: string) {
  const client = await bus.connect(NEAR);
  const args = { resume_token: lost.welcome['resume_token'], channels: { [`${room}:talk`]: position } };
  return { client, answer: await client.command('resume', args) };
}

async function pass(sinceMs: number, ms: number): Promise<void> {
  const isOver = (): boolean => performance.now() - sinceMs >= ms;
  await expect.poll(isOver, { timeout: ms + 1_000, interval: 50 }).toBe(true);
}

async function speak(friend: FollowedClient, room: string): Promise<number[]> {
  const numbers = Array.from({ length: 40 }, (_, index) => index);
  for (const n of numbers) expect((await friend.publish(`${room}:talk`, n)).code).toBe('ok');
  return numbers;
}

test('[PRT-7] [PRS-2] [LOG-9] R-01: its Shield killed, offline for 8 s and back on another: the same client, nothing missed, and nobody saw it go', async () => {
  const cast = await gather('killed');
  const { friend, lost } = cast;
  const other = await bus.connect(FAR, { user: 'carol' });
  await other.must('join_channel', { room: 'killed', channel: 'talk' });
  const killedAt = performance.now();
  await bus.shields[FAR]?.kill();
  await lost.closed();
  const said = await speak(friend, 'killed');
  await pass(killedAt, 8_000);
  const { client, answer } = await comeBack(cast, 'killed');
  expect(answer).toMatchObject({
    code: 'ok',
    payload: { client_id: lost.clientId, channels: [{ joined: { recovered: true } }] },
  });
  await expect.poll(() => client.events.map(({ payload }) => payload)).toEqual(said);
  // The lease tells the end of who did not come back, and of nobody else.
  await expect.poll(() => presenceOf(friend), { timeout: LEASE_MS }).toContain(`-${other.clientId}`);
  expect(presenceOf(friend)).toEqual([`+${lost.clientId}`, `+${other.clientId}`, `-${other.clientId}`]);
  const { members } = await friend.must('presence', { room: 'killed', channel: 'talk' });
  expect(members).toHaveLength(2);
  report('resumed after a killed Shield', { 'resume ms': answer.tookMs });
  for (const done of [client, friend]) done.end();
  await bus.restartShield(FAR);
});

test('[PRT-7] [PRS-2] [LOG-9] back after the linger and within the window: the same client with everything missed, and an honest leave and join', async () => {
  const cast = await gather('late');
  const { friend, lost } = cast;
  lost.lose();
  const said = await speak(friend, 'late');
  await expect.poll(() => presenceOf(friend).length, { timeout: 5_000 }).toBe(2);
  const { client, answer } = await comeBack(cast, 'late');
  expect(answer).toMatchObject({ code: 'ok', payload: { client_id: lost.clientId } });
  await expect.poll(() => client.events.map(({ payload }) => payload)).toEqual(said);
  const { clientId } = lost;
  await expect.poll(() => presenceOf(friend)).toEqual([`+${clientId}`, `-${clientId}`, `+${clientId}`]);
  for (const done of [client, friend]) done.end();
});

test('[PRT-7] back after the window: RESUME_EXPIRED, whether its Shield lives or not, and a join brings back everything', async () => {
  const [alive, dead] = [await gather('alive'), await gather('dead')];
  alive.lost.lose();
  bus.shields[FAR]?.signal('SIGTERM');
  await bus.shields[FAR]?.exited;
  const survivor = await connectJson({ port: bus.port(NEAR), token: await bus.token() });
  survivor.lose();
  const said = await speak(alive.friend, 'alive');
  await pass(performance.now(), WINDOW_MS + 500);
  for (const cast of [alive, dead, { ...alive, lost: survivor }]) {
    const { client, answer } = await comeBack(cast, 'alive');
    expect(answer.code).toBe('RESUME_EXPIRED');
    client.end();
  }
  const client = await bus.connect(NEAR);
  const joined = await client.must('join_channel', { room: 'alive', channel: 'talk', from: alive.position });
  expect(joined).toMatchObject({ recovered: true });
  await expect.poll(() => client.events.map(({ payload }) => payload)).toEqual(said);
  for (const done of [client, alive.friend, dead.friend]) done.end();
  await bus.restartShield(FAR);
});

test('[PRT-7] [SPN-4] its Shield cut off from NATS: resumed on another, and its old connection ends once the Shield is back', async () => {
  const cast = await gather('cut');
  const { friend, lost } = cast;
  bus.spineProxy.cut();
  const said = await speak(friend, 'cut');
  const { client, answer } = await comeBack(cast, 'cut');
  expect(answer).toMatchObject({ code: 'ok', payload: { client_id: lost.clientId } });
  await expect.poll(() => client.events.map(({ payload }) => payload)).toEqual(said);
  bus.spineProxy.heal();
  await expect.poll(() => lost.socket.isClosed(), { timeout: 10_000 }).toBe(true);
  expect(await lost.closed()).toMatchObject({ code: 4403, reason: 'replaced' });
  const sent = await friend.ask({ type: 'private', to: [lost.clientId], payload: 'psst', ack: true });
  expect(sent.code).toBe('ok');
  await expect.poll(() => client.frames.filter(({ type }) => type === 'private').length).toBe(1);
  expect(presenceOf(friend)).toEqual([`+${lost.clientId}`]);
  expect(await friend.must('status')).toMatchObject({ connections: 2 });
  for (const done of [client, friend]) done.end();
});

test('[PRT-7] without any Brain: UNAVAILABLE in time, never a wrong success, and the token holds until one is back', async () => {
  const cast = await gather('brainless');
  const { friend, lost } = cast;
  await Promise.all(bus.brains.map((brain) => brain.kill()));
  lost.lose();
  const { client, answer } = await comeBack(cast, 'brainless');
  expect([answer.code, answer.tookMs < REFUSED_WITHIN_MS]).toEqual(['UNAVAILABLE', true]);
  // Whoever cannot resume joins afresh: existing channels need no Brain.
  expect((await client.command('join_channel', { room: 'brainless', channel: 'talk' })).code).toBe('ok');
  await Promise.all([bus.startBrain(0), bus.startBrain(1)]);
  await expect.poll(async () => (await comeBack(cast, 'brainless')).answer.code, { timeout: 10_000 }).toBe('ok');
  for (const done of [client, friend]) done.end();
});
