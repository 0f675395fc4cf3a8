import { freePort } from '@arqonbus/testkit';
import { SHIPPED_RULES } from '@arqonbus/config';
import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, Publication } from '@arqonbus/sdk';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startBalancer } from './harness/balancer.ts';
import type { Balancer } from './harness/balancer.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { countCodes, startPublishing } from './harness/load.ts';
import { report } from './harness/report.ts';

/** The lease of a Shield, and the sweep that ends it; what a busy machine adds. */
const GONE_WITHIN_MS = 10_000 + 1_000 + 1_500;
const DEAD = 1;

let bus: FaultCluster;
let balancer: Balancer;
const sdkClients: ArqonClient[] = [];

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES) });
  balancer = await startBalancer(() => [bus.port(DEAD), bus.port(0)]);
});

afterEach(async () => {
  await Promise.all(sdkClients.splice(0).map((client) => client.close()));
});

afterAll(async () => {
  await balancer.stop();
  await bus.stop();
});

interface Truth {
  readonly members: number;
  readonly rooms: unknown;
  readonly connections: number;
}

/** What lists and counts say of the tenant and of one of its rooms. */
async function askTruth(client: FollowedClient, room: string): Promise<Truth> {
  const info = await client.must('channel_info', { room, channel: 'talk' });
  const { rooms } = await client.must('list_rooms');
  const { connections } = await client.must('status');
  const found = (rooms as readonly { readonly room: string }[]).find((entry) => entry.room === room);
  return { members: Number(info['members']), rooms: found, connections: Number(connections) };
}

function truthOf(room: string, members: number, connections: number): Truth {
  return { members, rooms: { room, channels: 1, members }, connections };
}

async function joinAll(room: string, clients: readonly FollowedClient[]): Promise<void> {
  for (const client of clients) await client.must('join_channel', { room, channel: 'talk' });
}

async function connectSdk(): Promise<ArqonClient> {
  const client = createClient({
    url: `ws://127.0.0.1:${balancer.port}/v1/socket`,
    token: () => bus.token({ user: 'wanda' }),
    webSocket: WebSocket,
  });
  sdkClients.push(client);
  await client.connect();
  return client;
}

test('[ARC-5] [PRS-2] [LOG-9] R-01: a killed Shield harms nobody elsewhere, its members go within the lease, its clients come back and miss nothing', async () => {
  const [speaker, hearer] = [await bus.connect(0), await bus.connect(0, { user: 'bob' })];
  const lost = await bus.connect(DEAD, { user: 'carol' });
  const wanda = await connectSdk();
  const heard: Publication[] = [];
  const rejoined: unknown[] = [];
  wanda.on('publication', (publication) => void heard.push(publication));
  wanda.on('rejoined', (told) => void rejoined.push(told));
  await wanda.join('killed:talk');
  await joinAll('killed', [speaker, hearer, lost]);
  expect(await askTruth(speaker, 'killed')).toEqual(truthOf('killed', 4, 4));
  const load = startPublishing(speaker, 'killed:talk');
  await load.more(50);
  await expect.poll(() => heard.length).toBeGreaterThan(10);

  const killedAt = performance.now();
  await bus.shields[DEAD]?.kill();
  expect((await lost.closed).code).toBe(1006);
  await expect.poll(() => wanda.state.kind).not.toBe('connected');
  await expect.poll(() => wanda.state.kind, { timeout: 15_000 }).toBe('connected');
  const backMs = performance.now() - killedAt;
  const before = heard.length;
  await expect.poll(() => heard.length, { timeout: 5_000 }).toBeGreaterThan(before);
  await expect.poll(() => askTruth(speaker, 'killed'), { timeout: 15_000 }).toEqual(truthOf('killed', 3, 3));
  const goneMs = performance.now() - killedAt;
  const outcomes = await load.stop();

  expect(countCodes(outcomes)).toEqual({ ok: outcomes.length });
  await expect.poll(() => hearer.events.length).toBe(outcomes.length);
  expect(hearer.events.map(({ payload }) => payload)).toEqual(outcomes.map(({ n }) => n));
  expect([hearer.systems, speaker.systems, hearer.strays, speaker.strays]).toEqual([[], [], [], []]);
  expect(goneMs).toBeLessThan(GONE_WITHIN_MS);
  // What was sent while it was away is fetched from the log, by the other Shield: all of it, once, in order.
  await expect.poll(() => heard.map(({ payload }) => Number(payload))).toEqual(outcomes.map(({ n }) => n));
  expect(rejoined).toMatchObject([{ room: 'killed', channel: 'talk', recovered: true }]);
  report('Shield killed', { 'SDK back ms': backMs, 'members gone ms': goneMs, published: outcomes.length });
  for (const client of [speaker, hearer]) client.end();
  await bus.restartShield(DEAD);
});

test('[DPL-3] [PRS-2] a Shield that ends in good order takes its members with it at once', async () => {
  const [speaker, hearer] = [await bus.connect(0), await bus.connect(0, { user: 'bob' })];
  const leavers = await Promise.all(['carol', 'dan', 'erin'].map((user) => bus.connect(DEAD, { user })));
  await expect.poll(async () => (await speaker.must('status'))['connections'], { timeout: 15_000 }).toBe(5);
  await joinAll('drained', [speaker, hearer, ...leavers]);
  expect(await askTruth(speaker, 'drained')).toEqual(truthOf('drained', 5, 5));
  const load = startPublishing(speaker, 'drained:talk');
  await load.more(20);

  bus.shields[DEAD]?.signal('SIGTERM');
  const closes = await Promise.all(leavers.map(({ closed }) => closed));
  expect(closes.map(({ code }) => code)).toEqual([1012, 1012, 1012]);
  const closedAt = performance.now();
  await expect.poll(() => askTruth(speaker, 'drained'), { timeout: 15_000 }).toEqual(truthOf('drained', 2, 2));
  const goneMs = performance.now() - closedAt;
  expect(await bus.shields[DEAD]?.exited).toBe(0);
  const outcomes = await load.stop();

  expect(goneMs).toBeLessThan(1_500);
  expect(countCodes(outcomes)).toEqual({ ok: outcomes.length });
  await expect.poll(() => hearer.events.length).toBe(outcomes.length);
  for (const leaver of leavers) {
    expect(leaver.systems).toContainEqual({ event: 'going_away', reconnect_in_ms: expect.any(Number) });
  }
  report('Shield drained', { 'members gone ms': goneMs });
  await bus.restartShield(DEAD);
  for (const client of [speaker, hearer]) client.end();
});

test('[ARC-2] R-05: a killed Shield starts again on its own port, though its clients were connected', async () => {
  await bus.shields[0]?.stop();
  const port = await freePort();
  await bus.restartShield(0, port);
  const client = await bus.connect(0);
  await bus.shields[0]?.kill();
  await client.closed;
  await bus.restartShield(0, port);
  expect((await bus.health(0, 'ready')).code).toBe(200);
});
