import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FollowedClient } from './harness/followed-client.ts';
import { joinAll } from './harness/join-all.ts';
import { countCodes, p99, startPublishing } from './harness/load.ts';
import { expectAll, lastOf, publishNumbers } from './harness/numbered-log.ts';
import { report } from './harness/report.ts';
import { startValkeyCluster } from './harness/valkey-cluster.ts';
import type { ValkeyCluster } from './harness/valkey-cluster.ts';

// The log in Valkey, which Brains keep and Shields never touch: what JetStream promises, as long as Valkey keeps its word.
let cluster: ValkeyCluster;

beforeAll(async () => {
  cluster = await startValkeyCluster();
}, 60_000);

afterAll(() => cluster.stop());

const connect = (shield: number, user: string, tenant = 'acme'): Promise<FollowedClient> =>
  cluster.bus.connect(shield, { user, tenant });

const joinTalk = (clients: readonly FollowedClient[], room: string): Promise<void> =>
  joinAll(clients, { room, channel: 'talk' }, 15_000);

const notices = ({ systems }: FollowedClient): readonly string[] =>
  systems.map(({ event }) => String(event)).filter((event) => event === 'lagging' || event === 'discontinuity');

function positionOf({ events }: FollowedClient): { readonly epoch: unknown; readonly seq: unknown } {
  const last = events.at(-1);
  return { epoch: last?.['epoch'], seq: last?.['seq'] };
}

test('[LOG-6] [LOG-3] publishers on two Shields: one order for all, nothing lost or twice, and no other tenant hears it', async () => {
  const writers = [await connect(0, 'near'), await connect(1, 'far')];
  const readers = [await connect(0, 'reader-0'), await connect(1, 'reader-1')];
  const foreign = await connect(0, 'spy', 'globex');
  await joinTalk([...writers, ...readers, foreign], 'order');
  const loads = writers.map((writer) => publishNumbers(writer, 'order:talk'));
  await expect
    .poll(() => Math.min(...loads.map((load) => load.acknowledged())), { timeout: 20_000 })
    .toBeGreaterThan(300);
  const acknowledged = await Promise.all(loads.map((load) => load.stop()));
  const stored = acknowledged.flatMap((some) => [...some.values()]).toSorted((a, b) => a - b);
  for (const reader of readers) {
    await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBe(stored.length);
    expect(reader.events.map(({ seq }) => seq)).toEqual(stored);
    expect(notices(reader)).toEqual([]);
  }
  expect(foreign.events).toEqual([]);
  const page = await writers[0]?.must('history', { room: 'order', channel: 'talk', limit: 10, order: 'newest' });
  const publications = page?.['publications'] as readonly { readonly seq: number }[];
  expect(publications.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(stored.slice(-10));
  for (const client of [...writers, ...readers, foreign]) client.end();
}, 60_000);

test('[LOG-6] [LOG-9] R-01: a client of a killed Shield goes on at another one from its position', async () => {
  const [writer, reader] = [await connect(0, 'writer'), await connect(1, 'reader')];
  await joinTalk([writer, reader], 'killed');
  const load = publishNumbers(writer, 'killed:talk');
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBeGreaterThan(50);
  await cluster.bus.shields[1]?.kill();
  const { epoch, seq } = positionOf(reader);
  const missed = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 10_000 }).toBeGreaterThan(missed + 100);
  const back = await connect(0, 'reader');
  const from = { room: 'killed', channel: 'talk', from: { epoch, seq } };
  expect(await back.must('join_channel', from)).toMatchObject({ recovered: true });
  const acknowledged = await load.stop();
  const last = lastOf(acknowledged.values());
  await expect.poll(() => Number(back.events.at(-1)?.['seq']), { timeout: 10_000 }).toBeGreaterThanOrEqual(last);
  const seqs = [...reader.events, ...back.events].map((event) => Number(event.seq));
  expect(seqs).toEqual([...acknowledged.values()].toSorted((a, b) => a - b));
  await cluster.bus.restartShield(1);
  for (const client of [writer, back]) client.end();
}, 60_000);

test('[LOG-6] [BRN-1] a Brain is killed under load: what was acknowledged comes once, in one order', async () => {
  const [writer, reader] = [await connect(0, 'writer'), await connect(1, 'reader')];
  await joinTalk([writer, reader], 'brains');
  const load = publishNumbers(writer, 'brains:talk');
  for (const brain of [0, 1]) {
    const before = load.acknowledged();
    await expect.poll(load.acknowledged, { timeout: 20_000 }).toBeGreaterThan(before + 100);
    await cluster.bus.brains[brain]?.kill();
    await cluster.bus.startBrain(brain);
  }
  const before = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 20_000 }).toBeGreaterThan(before + 100);
  await expectAll(reader, await load.stop());
  for (const client of [writer, reader]) client.end();
}, 90_000);

test('[LOG-6] [ARC-5] R-16: while Valkey stands still, logged publications fail in time, and live ones notice nothing', async () => {
  const [writer, reader] = [await connect(0, 'writer'), await connect(1, 'reader')];
  await joinTalk([writer, reader], 'slow');
  await joinTalk([writer, reader], 'fast');
  const live = startPublishing(writer, 'fast:talk');
  await live.more(100, ['ok']);
  const calm = live.outcomes.length;
  cluster.primary.suspend();
  const logged = startPublishing(writer, 'slow:talk', 20);
  await logged.more(50, ['UNAVAILABLE']);
  for (const brain of [0, 1]) {
    await expect
      .poll(async () => (await cluster.brainHealth(brain)).checks, { timeout: 10_000 })
      .toMatchObject({ valkey: 'down' });
  }
  const stood = live.outcomes.length;
  cluster.primary.resume();
  await logged.more(20, ['ok']);
  const [liveOutcomes, loggedOutcomes] = [await live.stop(), await logged.stop()];
  const times = (from: number, to: number): number[] => liveOutcomes.slice(from, to).map(({ tookMs }) => tookMs);
  expect(countCodes(liveOutcomes)).toEqual({ ok: liveOutcomes.length });
  expect(
    Object.keys(countCodes(loggedOutcomes)).filter((code) => !['ok', 'UNAVAILABLE', 'TIMEOUT'].includes(code)),
  ).toEqual([]);
  expect(Math.max(...loggedOutcomes.map(({ tookMs }) => tookMs))).toBeLessThan(2_500);
  report('Valkey stands still', {
    'live p99 ms before': p99(times(0, calm)),
    'live p99 ms': p99(times(calm, stood)),
    'logged slowest ms': Math.max(...loggedOutcomes.map(({ tookMs }) => tookMs)),
    ...countCodes(loggedOutcomes),
  });
  for (const client of [writer, reader]) client.end();
}, 60_000);

test('[LOG-6] [LOG-4] R-14: a failover with lag is told to all, and no stale position is accepted', async () => {
  const { primary, replica } = cluster;
  const [writer, reader, away] = [await connect(0, 'writer'), await connect(1, 'reader'), await connect(1, 'away')];
  await joinTalk([writer, reader, away], 'failover');
  const first = await writer.publish('failover:talk', 'copied');
  await expect
    .poll(async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'))
    .toBe(true);
  await expect.poll(() => away.events.length).toBe(1);
  const stale = { epoch: first.payload['epoch'], seq: first.payload['seq'] };
  away.end();
  // Cut off from each other: the primary still acknowledges what the replica will never hear of.
  await replica.promote();
  for (let n = 0; n < 100; n++) expect((await writer.publish('failover:talk', `lost ${n}`)).code).toBe('ok');
  await expect.poll(() => reader.events.length).toBe(101);
  await primary.kill();
  await expect
    .poll(() => reader.systems, { timeout: 15_000 })
    .toContainEqual(
      expect.objectContaining({ event: 'lagging', room: 'failover', recovered: false, reason: 'epoch_changed' }),
    );
  await expect.poll(async () => (await writer.publish('failover:talk', 'after')).code, { timeout: 15_000 }).toBe('ok');
  await expect.poll(() => reader.events.at(-1)?.payload).toBe('after');
  const { epoch, seq } = positionOf(reader);
  expect(epoch).not.toBe(stale.epoch);
  expect(Number(seq)).toBeGreaterThan(Number(reader.events.at(-2)?.['seq']));
  for (const shield of [0, 1]) {
    const back = await connect(shield, 'away');
    const joined = await back.must('join_channel', { room: 'failover', channel: 'talk', from: stale });
    expect(joined).toMatchObject({ recovered: false, reason: 'epoch_changed' });
    back.end();
  }
  for (const client of [writer, reader]) client.end();
}, 90_000);

test('[LOG-6] [LOG-4] [LOG-7] R-15 R-17: Valkey down and back empty: refused and not delivered, degraded and alive, then another epoch', async () => {
  const { bus, replica } = cluster;
  const [writer, reader] = [await connect(0, 'writer'), await connect(1, 'reader')];
  await joinTalk([writer, reader], 'empty');
  await joinTalk([writer, reader], 'fast');
  expect((await writer.publish('empty:talk', 'before')).code).toBe('ok');
  await expect.poll(() => reader.events.length).toBe(1);
  const { epoch, seq } = positionOf(reader);
  await replica.kill();
  await expect
    .poll(async () => (await writer.publish('empty:talk', 'refused')).code, { timeout: 5_000 })
    .toBe('UNAVAILABLE');
  expect((await writer.publish('fast:talk', 'live')).code).toBe('ok');
  const refused = await Promise.all(Array.from({ length: 50 }, () => writer.publish('empty:talk', 'refused')));
  expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'UNAVAILABLE'));
  for (const brain of [0, 1]) {
    const health = await cluster.brainHealth(brain);
    expect([health.code, health.status, health.checks['valkey']]).toEqual([200, 'degraded', 'down']);
  }
  for (const shield of [0, 1]) expect((await bus.health(shield, 'ready')).code).toBe(200);
  expect((await reader.command('history', { room: 'empty', channel: 'talk' })).code).toBe('UNAVAILABLE');
  await replica.restart();
  await replica.promote();
  await expect
    .poll(() => reader.systems, { timeout: 15_000 })
    .toContainEqual(
      expect.objectContaining({ event: 'lagging', room: 'empty', recovered: false, reason: 'epoch_changed' }),
    );
  await expect.poll(async () => (await writer.publish('empty:talk', 'after')).code, { timeout: 10_000 }).toBe('ok');
  await expect
    .poll(() => reader.events.filter(({ room }) => room === 'empty').map(({ payload }) => payload))
    .toEqual(['before', 'after']);
  const back = await connect(0, 'reader');
  const joined = await back.must('join_channel', { room: 'empty', channel: 'talk', from: { epoch, seq } });
  expect(joined).toMatchObject({ recovered: false, reason: 'epoch_changed' });
  expect([...bus.shields, ...bus.brains].every((service) => service.isRunning())).toBe(true);
  for (const client of [writer, reader, back]) client.end();
}, 60_000);
