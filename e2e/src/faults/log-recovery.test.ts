import { SHIPPED_RULES } from '@arqonbus/config';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { untilBrainsWork } from './harness/brain-drill.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { joinAll } from './harness/join-all.ts';
import { checkOrder, expectAll, lastOf, publishNumbers } from './harness/numbered-log.ts';

// Channels with a log: what was acknowledged is delivered, once and in order, whatever dies on the way.
const [NEAR, CUT] = [0, 1];

/** Four writers as fast as they are answered: nothing of it is given up while a reader is away, however long that takes here. */
const ROOMY = { default: { class: 'history', max_messages: 1_000_000, max_age_ms: 600_000, max_bytes: 67_108_864 } };

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    ARQONBUS_LOG_RULES: JSON.stringify(SHIPPED_RULES),
    ARQONBUS_LOG_PROFILES: JSON.stringify(ROOMY),
    ARQONBUS_NATS_PING_INTERVAL_MS: '500',
  });
});

// The one before may have killed what this one begins with.
beforeEach(() => untilBrainsWork(bus));

afterAll(() => bus.stop());

/** Where the reader stands. */
function positionOf({ events }: FollowedClient): { readonly epoch: unknown; readonly seq: unknown } {
  const last = events.at(-1);
  return { epoch: last?.['epoch'], seq: last?.['seq'] };
}

test('[LOG-8] [LOG-16] a Shield that was cut off fetches what its subscribers missed, and no client does anything', async () => {
  const target = { room: 'recover', channel: 'cut' };
  const [writer, reader] = [await bus.connect(NEAR, { user: 'writer' }), await bus.connect(CUT, { user: 'reader' })];
  await joinAll([writer, reader], target);
  const load = publishNumbers(writer, 'recover:cut');
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBeGreaterThan(20);
  bus.spineProxy.cut();
  await expect.poll(async () => (await bus.health(CUT, 'ready')).code, { timeout: 10_000 }).toBe(503);
  const before = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 10_000 }).toBeGreaterThan(before + 50);
  // The last message comes while it is away: nothing follows that would show the gap.
  const acknowledged = await load.stop();
  bus.spineProxy.heal();
  await expectAll(reader, acknowledged);
  expect(reader.systems.filter(({ event }) => event === 'lagging' || event === 'discontinuity')).toEqual([]);
  for (const client of [writer, reader]) client.end();
}, 60_000);

test('[LOG-7] [LOG-3] R-09: NATS killed under load loses nothing acknowledged, stores nothing twice, and keeps one order', async () => {
  const target = { room: 'recover', channel: 'nats' };
  const writer = await bus.connect(NEAR, { user: 'writer' });
  const readers = [await bus.connect(NEAR, { user: 'near' }), await bus.connect(CUT, { user: 'far' })];
  await joinAll([writer, ...readers], target);
  const load = publishNumbers(writer, 'recover:nats');
  for (let kills = 0; kills < 3; kills++) {
    const before = load.acknowledged();
    await expect.poll(load.acknowledged, { timeout: 20_000 }).toBeGreaterThan(before + 30);
    await bus.nats.kill();
    await bus.nats.restart();
  }
  const before = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 20_000 }).toBeGreaterThan(before + 30);
  const acknowledged = await load.stop();
  for (const reader of readers) await expectAll(reader, acknowledged);
  expect(readers[0]?.events.map(({ seq }) => seq)).toEqual(readers[1]?.events.map(({ seq }) => seq));
  for (const client of [writer, ...readers]) client.end();
}, 120_000);

test('[LOG-9] R-01: a client of a killed Shield goes on at another one, from its position, with nothing lost or twice', async () => {
  const target = { room: 'recover', channel: 'killed' };
  const [writer, reader] = [await bus.connect(NEAR, { user: 'writer' }), await bus.connect(CUT, { user: 'reader' })];
  await joinAll([writer, reader], target);
  const load = publishNumbers(writer, 'recover:killed');
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBeGreaterThan(50);
  await bus.shields[CUT]?.kill();
  const { seq, epoch } = positionOf(reader);
  const missed = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 10_000 }).toBeGreaterThan(missed + 100);
  const back = await bus.connect(NEAR, { user: 'reader' });
  expect(await back.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ recovered: true });
  const goOn = load.acknowledged();
  await expect.poll(load.acknowledged, { timeout: 10_000 }).toBeGreaterThan(goOn + 50);
  const acknowledged = await load.stop();
  const last = lastOf(acknowledged.values());
  await expect.poll(() => Number(back.events.at(-1)?.['seq']), { timeout: 10_000 }).toBeGreaterThanOrEqual(last);
  const seqs = [...reader.events, ...back.events].map((event) => Number(event.seq));
  expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
  expect(new Set(seqs)).toEqual(new Set(acknowledged.values()));
  await bus.restartShield(CUT);
  for (const client of [writer, back]) client.end();
}, 60_000);

test('[LOG-9] [ARC-2] [PRD-2] R-05: all Shields killed at once under load: who comes back goes on from its position, nothing acknowledged is lost or twice', async () => {
  const target = { room: 'recover', channel: 'all-killed' };
  const connectBoth = async (): Promise<readonly [FollowedClient, FollowedClient]> => [
    await bus.connect(NEAR, { user: 'writer' }),
    await bus.connect(CUT, { user: 'reader' }),
  ];
  const [writer, reader] = await connectBoth();
  await joinAll([writer, reader], target);
  const published: { id: string; seq: number | undefined }[] = [];
  const publish = async (client: FollowedClient, id: string): Promise<number | undefined> => {
    // Whoever dies under it answers nothing, and so it is not known whether that was stored.
    const answer = await client.publish('recover:all-killed', id, { id }).catch(() => undefined);
    return answer?.code === 'ok' ? Number(answer.payload['seq']) : undefined;
  };
  /** One after the other, until one is not answered. */
  const run = async (lane: number): Promise<void> => {
    for (let n = 0, seq: number | undefined = 1; seq !== undefined; n += 1) {
      const id = `arq_all-killed-${lane}-${n}`;
      seq = await publish(writer, id);
      published.push({ id, seq });
    }
  };
  const lanes = [0, 1, 2, 3].map(run);
  await expect.poll(() => reader.events.length, { timeout: 10_000 }).toBeGreaterThan(20);
  await Promise.all([bus.shields[NEAR]?.kill(), bus.shields[CUT]?.kill()]);
  await Promise.all(lanes);
  await Promise.all([bus.restartShield(NEAR), bus.restartShield(CUT)]);
  const [again, back] = await connectBoth();
  await again.must('join_channel', target);
  const from = positionOf(reader);
  expect(await back.must('join_channel', { ...target, from })).toMatchObject({ recovered: true, epoch: from.epoch });
  // As an SDK does: what was not acknowledged is sent again under its id.
  const acknowledged = new Map<string, number>();
  for (const { id, seq } of published) acknowledged.set(id, seq ?? Number(await publish(again, id)));
  const last = lastOf(acknowledged.values());
  // Nothing may be left to come back for: whoever died may have delivered all that it had stored.
  const heard = (): readonly (readonly [unknown, number])[] =>
    [...reader.events, ...back.events].map(({ payload, seq }) => [payload, Number(seq)] as const);
  await expect.poll(() => heard().at(-1)?.[1], { timeout: 10_000 }).toBe(last);
  expect(heard()).toEqual([...acknowledged].toSorted(([, one], [, other]) => one - other));
  for (const client of [again, back]) client.end();
}, 60_000);

test('[LOG-9] a position that another Shield was faster to reach is waited for, and nothing comes twice', async () => {
  const target = { room: 'recover', channel: 'faster' };
  const [writer, witness] = [await bus.connect(NEAR, { user: 'writer' }), await bus.connect(CUT, { user: 'witness' })];
  await joinAll([writer, witness], target);
  // The Shield of the witness hears everything late; the client comes to it with what the other one gave it at once.
  bus.spineProxy.set({ latencyMs: 150 });
  let position: { readonly epoch?: unknown; readonly seq?: unknown } = {};
  for (let n = 0; n < 5; n++) position = (await writer.publish('recover:faster', n)).payload;
  const back = await bus.connect(CUT, { user: 'writer' });
  const { epoch, seq } = position;
  expect(await back.must('join_channel', { ...target, from: { epoch, seq } })).toMatchObject({ recovered: true });
  bus.spineProxy.clear();
  await writer.publish('recover:faster', 'next');
  await expect.poll(() => back.events.map(({ payload }) => payload), { timeout: 5_000 }).toEqual(['next']);
  await expect.poll(() => witness.events.length).toBe(6);
  checkOrder(witness);
  for (const client of [writer, witness, back]) client.end();
}, 30_000);

test('[LOG-5] the key of the log is replaced at one Shield after the other, and a retry stays a duplicate', async () => {
  const target = { room: 'recover', channel: 'rotated' };
  const [old, next] = ['a'.repeat(40), 'b'.repeat(40)];
  const start = (shield: number, key: string, other: string): Promise<unknown> =>
    bus.restartShield(shield, 0, { ARQONBUS_LOG_ID_KEY: key, ARQONBUS_LOG_OTHER_ID_KEY: other });
  for (const shield of [NEAR, CUT]) await bus.shields[shield]?.stop();
  await Promise.all([start(NEAR, old, next), start(CUT, next, old)]);
  const [near, cut] = [await bus.connect(NEAR), await bus.connect(CUT)];
  const reader = await bus.connect(CUT, { user: 'reader' });
  await joinAll([near, cut, reader], target);
  for (const [n, [first, second]] of [[near, cut] as const, [cut, near] as const].entries()) {
    const id = `arq_rotated-${n}`;
    const { payload } = await first.publish('recover:rotated', n, { id });
    expect(await second.publish('recover:rotated', n, { id })).toMatchObject({
      code: 'ok',
      payload: { ...payload, duplicate: true },
    });
  }
  await expect.poll(() => reader.events.map(({ payload }): unknown => payload)).toEqual([0, 1]);
  for (const client of [near, cut, reader]) client.end();
}, 60_000);
