import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { countCodes, numbersOf, startPublishing } from './harness/load.ts';
import type { Load, Outcome } from './harness/load.ts';
import { report } from './harness/report.ts';
import { residentBytes } from './harness/resident-bytes.ts';

const MIB = 1_048_576;
/** With a publish every 10 ms it is 2 s long at least. */
const REFUSALS_OF_AN_OUTAGE = 200;
/** Between two tries a Shield pauses 250 to 750 ms; one more may be under way at each end. */
const MAX_TRIES_PER_SECOND = 4;
const talk = { room: 'restart', channel: 'talk' };
const notice = { event: 'discontinuity', room: 'restart', reason: 'spine' };

let bus: FaultCluster;
let admin: FollowedClient;

beforeAll(async () => {
  bus = await startFaultCluster();
  admin = await bus.connect(0, { user: 'root', role: 'admin' });
  await admin.must('op.session.disconnect', { user: 'mallory', ban_for_ms: 600_000 });
});

afterAll(() => bus.stop());

interface Pair {
  readonly clients: readonly FollowedClient[];
  readonly loads: readonly Load[];
}

/** A publisher on each Shield, in one channel, under load. */
async function startPair(): Promise<Pair> {
  const clients = [await bus.connect(0, { user: 'near' }), await bus.connect(1, { user: 'far' })];
  for (const client of clients) await client.must('join_channel', talk);
  const loads = clients.map((client) => startPublishing(client, 'restart:talk'));
  for (const load of loads) await load.more(50, ['ok']);
  return { clients, loads };
}

async function areReady(): Promise<readonly number[]> {
  return Promise.all([0, 1].map(async (shield) => (await bus.health(shield, 'ready')).code));
}

/** What was told of a publisher's messages, where every one of them has been answered. */
function checkAnswers(outcomes: readonly Outcome[]): void {
  const allowed = new Set(['ok', 'UNAVAILABLE', 'TIMEOUT']);
  expect(Object.keys(countCodes(outcomes)).filter((code) => !allowed.has(code))).toEqual([]);
  expect(Math.max(...outcomes.map(({ tookMs }) => tookMs))).toBeLessThan(7_000);
}

/** Nothing came twice, out of order, or although it had been refused; what was accepted once all was well did come. */
async function checkDeliveries(from: FollowedClient, to: FollowedClient, outcomes: readonly Outcome[], wellAt: number) {
  const heard = (): number[] =>
    to.events.filter(({ sender }) => sender === from.clientId).map((e) => Number(e.payload));
  const accepted = numbersOf(outcomes, 'ok');
  await expect.poll(() => heard().at(-1)).toBe(accepted.at(-1));
  const numbers = heard();
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  const refused = new Set(numbersOf(outcomes, 'UNAVAILABLE'));
  expect(numbers.filter((n) => refused.has(n))).toEqual([]);
  const got = new Set(numbers);
  const well = numbersOf(
    outcomes.filter(({ sentAt }) => sentAt >= wellAt),
    'ok',
  );
  expect(well.length).toBeGreaterThan(0);
  expect(well.filter((n) => !got.has(n))).toEqual([]);
}

async function checkState(): Promise<void> {
  const { members } = await admin.must('channel_info', talk);
  const { connections } = await admin.must('status');
  const { items } = await admin.must('op.ban.list');
  const { rooms } = await admin.must('list_rooms');
  expect({ members, connections, items, rooms }).toEqual({
    members: 2,
    connections: 3,
    items: [expect.objectContaining({ user: 'mallory' })],
    rooms: expect.arrayContaining([{ room: 'restart', channels: 1, members: 2 }]),
  });
}

async function killForAWhile(loads: readonly Load[]): Promise<void> {
  await bus.nats.kill();
  await Promise.all(loads.map((load) => load.more(REFUSALS_OF_AN_OUTAGE, ['UNAVAILABLE'])));
  await bus.nats.restart();
}

test.for<readonly [string, (loads: readonly Load[]) => Promise<void>]>([
  ['ended in order', () => bus.nats.restart()],
  ['killed', killForAWhile],
])(
  '[SPN-4] [SPN-8] [PRD-3] R-08: while NATS is %s and comes back, every publish is answered, and all is true after it',
  async ([how, end]) => {
    const { clients, loads } = await startPair();
    const triesBefore = bus.spineProxy.accepted();
    const endedAt = performance.now();
    await end(loads);
    await expect.poll(areReady, { timeout: 10_000, interval: 20 }).toEqual([200, 200]);
    const wellAt = performance.now();
    await Promise.all(loads.map((load) => load.more(100, ['ok'])));
    const all = await Promise.all(loads.map((load) => load.stop()));

    for (const outcomes of all) checkAnswers(outcomes);
    const [near, far] = clients as [FollowedClient, FollowedClient];
    await checkDeliveries(near, far, all[0] ?? [], wellAt);
    await checkDeliveries(far, near, all[1] ?? [], wellAt);
    for (const client of clients) {
      expect(client.systems).toEqual(['talk', '*'].map((channel) => ({ ...notice, channel })));
      expect(client.strays).toEqual([]);
    }
    await expect.poll(() => checkState().then(() => 'true', String), { timeout: 5_000 }).toBe('true');
    const tries = bus.spineProxy.accepted() - triesBefore;
    expect(tries).toBeLessThan(2 + ((wellAt - endedAt) / 1_000) * MAX_TRIES_PER_SECOND);
    for (const shield of [0, 1]) expect((await bus.knock(shield, { user: 'mallory' })).status).toBe(403);
    report(`NATS ${how}`, { 'down ms': wellAt - endedAt, tries, ...countCodes(all.flat()) });
    for (const client of clients) client.end();
    // A Shield that was not heard tells with its next report, every 3 s.
    await expect.poll(async () => (await admin.must('status'))['connections'], { timeout: 5_000 }).toBe(1);
  },
);

test('[SPN-8] R-08: while NATS stands still, no more than a bounded amount waits for it, and all goes on after', async () => {
  const { clients, loads } = await startPair();
  const [near] = clients as [FollowedClient, FollowedClient];
  await Promise.all(loads.map((load) => load.stop()));
  const shield = bus.shields[0]?.pid ?? 0;
  const before = residentBytes(shield);
  const payload = 'x'.repeat(60_000);
  bus.nats.suspend();
  const suspendedAt = performance.now();
  const answers: string[] = [];
  const asked: Promise<void>[] = [];
  let heldBytes = 0;
  // 60 MiB are asked for, which are seven times what may wait.
  for (let n = 0; n < 1_000; n++) {
    const take = (code: string): void => void answers.push(code);
    asked.push(
      near.publish('restart:talk', payload).then(
        ({ code }) => take(code),
        (error: unknown) => take(String(error).slice(0, 60)),
      ),
    );
  }
  await expect
    .poll(() => answers.filter((code) => code === 'UNAVAILABLE').length, { timeout: 3_000 })
    .toBeGreaterThan(800);
  await expect.poll(() => performance.now() - suspendedAt, { timeout: 4_000 }).toBeGreaterThan(3_000);
  heldBytes = (1_000 - answers.length) * payload.length;
  const grownBytes = residentBytes(shield) - before;
  bus.nats.resume();
  await Promise.all(asked);
  await expect.poll(async () => (await near.publish('restart:talk', 'last')).code, { timeout: 8_000 }).toBe('ok');

  expect(heldBytes).toBeLessThan(8 * MIB + 2 * payload.length);
  expect(grownBytes).toBeLessThan(64 * MIB);
  const codes = countCodes(answers.map((code) => ({ code, n: 0, sentAt: 0, tookMs: 0 })));
  report('NATS stands still', { 'held MiB': heldBytes / MIB, 'grown MiB': grownBytes / MIB, ...codes });
  const others = answers.filter((code) => !['ok', 'UNAVAILABLE', 'TIMEOUT'].includes(code));
  expect([answers.length, others]).toEqual([1_000, []]);
  for (const client of clients) await expect.poll(() => client.isClosed()).toBe(false);
  await expect.poll(areReady, { timeout: 10_000 }).toEqual([200, 200]);
  await expect.poll(() => checkState().then(() => 'true', String), { timeout: 5_000 }).toBe('true');
  for (const client of clients) client.end();
});
