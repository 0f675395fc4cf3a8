import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, Clock } from '@arqonbus/sdk';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { startBalancer } from './balancer.ts';
import type { FaultCluster } from './fault-cluster.ts';
import type { FollowedClient } from './followed-client.ts';
import { numbersOf, startPublishing } from './load.ts';
import { checkOrder } from './numbered-log.ts';
import { startReadinessChecker } from './readiness-checker.ts';
import type { ReadinessChecker } from './readiness-checker.ts';

/** How long the Shield stands still, and how often something is published meanwhile. */
export interface GrayOptions {
  readonly frozenMs: number;
  readonly publishEveryMs: number;
  /** Of the SDK's client. Default: the real one. */
  readonly clock?: Clock;
}

/** What was seen of a Shield that stood still and went on. */
export interface GrayResult {
  /** Until a load balancer took it out. */
  readonly unreadyMs: number;
  /** Until a client of the SDK was back in its channel at the other Shield. */
  readonly clientBackMs: number;
  /** From when it went on: until the session of a user banned meanwhile was ended. */
  readonly bannedMs: number;
  /** Of what that user had sent meanwhile, what others heard. */
  readonly heardOfBanned: number;
  /** From when it went on: until lists and counts were true. */
  readonly trueMs: number;
  /** How the client that had stayed was closed; 0 = it was not. */
  readonly stayedCloseCode: number;
}

const [GRAY, WELL] = [0, 1];
/** What Shields and SDK promise together, and what a busy machine adds. */
const TRUE_WITHIN_MS = 15_000;

interface Cast {
  readonly writer: FollowedClient;
  readonly witness: FollowedClient;
  readonly stayer: FollowedClient;
  readonly leaver: FollowedClient;
  readonly mallory: FollowedClient;
}

/**
 * stops the process of a Shield for a while and lets it go on. Whoever stayed on it has every publication once and
 * in order, or was closed; nobody who left is a member. The room must be new, and its channel have a log.
 */
export async function runGrayShield(bus: FaultCluster, room: string, options: GrayOptions): Promise<GrayResult> {
  const checker = startReadinessChecker(bus, [GRAY, WELL]);
  const portsOf = (): number[] => [GRAY, WELL].filter((shield) => checker.ready.has(shield)).map(bus.port);
  const balancer = await startBalancer(portsOf);
  const wanda = createClient({
    url: `ws://127.0.0.1:${balancer.port}/v1/socket`,
    token: () => bus.token({ user: 'wanda' }),
    webSocket: WebSocket,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const admin = await bus.connect(WELL, { user: 'root', role: 'admin' });
  const cast = await gather(bus, room);
  try {
    return await drill(bus, checker, { ...cast, admin, wanda }, room, options);
  } finally {
    bus.shields[GRAY]?.signal('SIGCONT');
    for (const client of [...Object.values(cast), admin]) client.end();
    await wanda.close();
    await balancer.stop();
    await checker.stop();
  }
}

async function gather(bus: FaultCluster, room: string): Promise<Cast> {
  const cast = {
    writer: await bus.connect(WELL, { user: 'writer' }),
    witness: await bus.connect(WELL, { user: 'witness' }),
    stayer: await bus.connect(GRAY, { user: 'stayer' }),
    leaver: await bus.connect(GRAY, { user: 'leaver' }),
    mallory: await bus.connect(GRAY, { user: `mallory-${room}` }),
  };
  for (const client of Object.values(cast)) await client.must('join_channel', { room, channel: 'talk' });
  return cast;
}

interface WholeCast extends Cast {
  readonly admin: FollowedClient;
  readonly wanda: ArqonClient;
}

async function drill(
  bus: FaultCluster,
  checker: ReadinessChecker,
  { writer, witness, stayer, leaver, mallory, admin, wanda }: WholeCast,
  room: string,
  { frozenMs, publishEveryMs }: GrayOptions,
): Promise<GrayResult> {
  const heard: unknown[] = [];
  let backAt = 0;
  wanda.on('publication', ({ payload }) => void heard.push(payload));
  wanda.on('rejoined', () => (backAt = performance.now()));
  await wanda.connect();
  await wanda.join(`${room}:talk`);
  const load = startPublishing(writer, `${room}:talk`, publishEveryMs);
  await load.more(10, ['ok']);

  const frozenAt = performance.now();
  bus.shields[GRAY]?.signal('SIGSTOP');
  leaver.end();
  await admin.must('op.session.disconnect', { user: mallory.welcome['user'], ban_for_ms: 600_000 });
  for (let n = 0; n < 50; n++) mallory.send({ type: 'event', room: `${room}:talk`, payload: 'banned' });
  await expect.poll(() => checker.ready.has(GRAY), { timeout: 10_000, interval: 20 }).toBe(false);
  const unreadyMs = performance.now() - frozenAt;
  await expect.poll(() => backAt, { timeout: 60_000 }).toBeGreaterThan(0);
  const leftMs = (): number => frozenMs - (performance.now() - frozenAt);
  await expect.poll(leftMs, { timeout: Math.max(1, leftMs()) + 1_000 }).toBeLessThan(0);

  const wokenAt = performance.now();
  bus.shields[GRAY]?.signal('SIGCONT');
  expect([4403, 4408]).toContain((await mallory.closed).code);
  const bannedMs = performance.now() - wokenAt;
  await expect.poll(() => checker.ready.has(GRAY), { timeout: 10_000 }).toBe(true);
  await load.more(20, ['ok']);
  const accepted = numbersOf(await load.stop(), 'ok');
  const stayedCloseCode = stayer.isClosed() ? (await stayer.closed).code : 0;
  const users = ['wanda', 'witness', 'writer', ...(stayedCloseCode === 0 ? ['stayer'] : [])].toSorted();
  const truth = [users, users.length + 1];
  await expect.poll(() => whoIsIn(admin, room), { timeout: TRUE_WITHIN_MS }).toEqual(truth);
  const trueMs = performance.now() - wokenAt;

  for (const reader of stayedCloseCode === 0 ? [witness, stayer] : [witness]) await expectNumbers(reader, accepted);
  await expect.poll(() => heard.at(-1)).toBe(accepted.at(-1));
  expect(heard.filter((payload) => payload !== 'banned')).toEqual(accepted);
  const heardOfBanned = heard.length - accepted.length;
  return { unreadyMs, clientBackMs: backAt - frozenAt, bannedMs, heardOfBanned, trueMs, stayedCloseCode };
}

/** Users in the channel, and connections of the tenant. */
async function whoIsIn(admin: FollowedClient, room: string): Promise<unknown> {
  const { participants } = await admin.must('channel_info', { room, channel: 'talk' });
  const { connections } = await admin.must('status');
  return [(participants as readonly { user: string }[]).map(({ user }) => user).toSorted(), connections];
}

/** All that was accepted, once and in the order of the log. */
async function expectNumbers(reader: FollowedClient, accepted: readonly number[]): Promise<void> {
  const payloads = (): unknown[] => reader.events.map(({ payload }): unknown => payload);
  await expect.poll(() => payloads().at(-1), { timeout: 10_000 }).toBe(accepted.at(-1));
  checkOrder(reader);
  expect(payloads().filter((payload) => payload !== 'banned')).toEqual(accepted);
}
