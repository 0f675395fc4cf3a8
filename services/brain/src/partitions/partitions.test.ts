import { describe, expect, it, vi } from 'vitest';
import { SnapshotOrderSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { BusError } from '@arqonbus/protocol';
import {
  LOG_PARTITION,
  PARTITIONS,
  callBrain,
  createLocalSpine,
  createMemoryKeyValueStore,
  ctl,
  deadlineIn,
  roomPartition,
  rpc,
} from '@arqonbus/spine';
import { ownerOf } from '../ring/owner-of.ts';
import { createBrainFixture, join, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';
import { make } from '../testing/channel-calls.ts';

// A room that belongs to the first Brain while there are two.
const room =
  Array.from({ length: 100 }, (_, n) => `lab-${n}`).find(
    (name) => ownerOf(roomPartition('acme', name), ['b1', 'b2']) === 'b1',
  ) ?? '';
const bench = { tenant: 'acme', room, channel: 'bench' };

function ordersOf(fixture: BrainFixture): number[] {
  const orders: number[] = [];
  fixture.spine.subscribe(ctl('membership'), ({ data }) =>
    orders.push(fromBinary(SnapshotOrderSchema, data).partition),
  );
  return orders;
}

async function createPair(settleMs = 10_000) {
  const keyValue = createMemoryKeyValueStore();
  const one = await createBrainFixture({ keyValue, id: 'b1', settleMs: 0 });
  await make(one, 'acme', `${room}:bench`);
  const other = await createBrainFixture({ keyValue, spine: one.spine, id: 'b2', settleMs, handoverMs: 0 });
  await vi.waitFor(() => expect(one.brain.figures().partitions + other.brain.figures().partitions).toBe(PARTITIONS));
  return { one, other };
}

describe('a partition that is taken over', () => {
  it('[PRS-2] [BRN-1] answers once every Shield has told what it has there', async () => {
    const { one, other } = await createPair();
    const orders = ordersOf(other);
    await one.brain.close();
    await vi.waitFor(() => expect(other.brain.figures().partitions).toBe(PARTITIONS));
    await vi.waitFor(() => expect(orders).toContain(roomPartition('acme', room)));
    let answer: unknown;
    const asked = other.call('channels.delete', bench).catch((error: unknown) => error);
    void asked.then((outcome) => (answer = outcome));
    await other.report('n1', [join('acme', 'n1_a', room, 'bench')]);
    // It is too young to know whether there are more Shields, and waits.
    expect(answer).toBeUndefined();
    // Ten seconds later it knows all that report.
    await other.pass(10_000);
    await other.report('n1', []);
    expect(await asked).toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
  });

  it('[PRS-2] does not wait for ever for Shields that do not answer', async () => {
    const { one, other } = await createPair(20);
    await one.brain.close();
    await vi.waitFor(async () => expect(await other.call('channels.delete', bench)).toBeDefined());
  });

  it('[PRS-5] has its empty channels, which go in time', async () => {
    const { one, other } = await createPair(0);
    await make(one, 'acme', 'hall:auto', true);
    await one.brain.close();
    await vi.waitFor(() => expect(other.brain.figures().partitions).toBe(PARTITIONS));
    await other.pass(60_000);
    await other.brain.sweep();
    await expect(other.call('channels.list', { tenant: 'acme', room: 'hall' })).rejects.toMatchObject({
      code: 'ROOM_NOT_FOUND',
    });
    expect((await other.call('channels.list', bench)).channels).toHaveLength(1);
  });
});

describe('a Brain that stood still', () => {
  it('[BRN-1] [PRS-2] answers nothing from what it knew, before it has noticed itself', async () => {
    const one = await createBrainFixture({ id: 'b1' });
    await make(one, 'acme', `${room}:bench`);
    expect((await one.call('channels.list', bench)).channels).toHaveLength(1);
    one.standStill(2_999);
    expect((await one.call('channels.list', bench)).channels).toHaveLength(1);
    one.standStill(1);
    const asked = one.call('channels.list', bench);
    await expect(asked).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'NOT_FOUND' } });
    await one.brain.renew();
    expect((await one.call('channels.list', bench)).channels).toHaveLength(1);
  });

  it('[BRN-1] [PRS-2] is silent where others hear the same', async () => {
    const one = await createBrainFixture({ id: 'b1' });
    one.standStill(3_000);
    const report = { node: 'n1', number: 1n, snapshot: true, changes: [], startedAtMs: 0n, partition: 0 };
    const told = callBrain(one.spine, 'membership.report', report, deadlineIn(50));
    await expect(told).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { code: 'TIMEOUT' } });
  });
});

describe('two Brains', () => {
  it('[BRN-1] [PRS-1] serve what moves one after the other: the owner before until the next one tells that it serves', async () => {
    const keyValue = createMemoryKeyValueStore();
    const one = await createBrainFixture({ keyValue, id: 'b1', handoverMs: 60_000 });
    const partitionsOf = ({ brain }: BrainFixture): number => brain.figures().partitions;
    const other = await createBrainFixture({ keyValue, spine: one.spine, id: 'b2', settleMs: 20 });
    await vi.waitFor(() => expect(partitionsOf(other)).toBeGreaterThan(0));
    await vi.waitFor(() => expect(partitionsOf(one) + partitionsOf(other)).toBe(PARTITIONS));
    expect((await one.call('channels.create', { tenant: 'acme', record: bench })).record).toMatchObject({ room });
  });

  it('[BRN-1] end once others serve all that was theirs, and at once where there are none', async () => {
    const keyValue = createMemoryKeyValueStore();
    const one = await createBrainFixture({ keyValue, id: 'b1', handoverMs: 60_000 });
    const other = await createBrainFixture({ keyValue, spine: one.spine, id: 'b2', settleMs: 20, handoverMs: 60_000 });
    await vi.waitFor(() => expect(one.brain.figures().partitions).toBeLessThan(PARTITIONS));
    await one.brain.close();
    expect(other.brain.figures().partitions).toBe(PARTITIONS);
    await other.brain.close();
    expect(other.brain.figures().partitions).toBe(0);
  });

  it('[BRN-1] [SPN-4] take over what they could not while the Spine was away for less than a lease', async () => {
    const keyValue = createMemoryKeyValueStore();
    const one = await createBrainFixture({ keyValue, id: 'b1' });
    const other = await createBrainFixture({ keyValue, spine: one.spine, id: 'b2' });
    await vi.waitFor(() => expect(one.brain.figures().partitions).toBeLessThan(PARTITIONS));
    const serving = vi.spyOn(one.spine, 'serve').mockImplementation(() => {
      throw new BusError('UNAVAILABLE');
    });
    await one.brain.close();
    expect(other.brain.figures().partitions).toBeLessThan(PARTITIONS);
    serving.mockRestore();
    await other.brain.renew();
    expect(other.brain.figures().partitions).toBe(PARTITIONS);
  });

  it('[BRN-1] [SPN-4] take over all the rest where one part cannot begin, and that one once it can', async () => {
    const keyValue = createMemoryKeyValueStore();
    const [first, second] = ownerOf(LOG_PARTITION, ['b1', 'b2']) === 'b1' ? ['b1', 'b2'] : ['b2', 'b1'];
    const one = await createBrainFixture({ keyValue, id: first });
    const other = await createBrainFixture({ keyValue, spine: one.spine, id: second });
    await vi.waitFor(() => expect(one.brain.figures().partitions).toBeLessThan(PARTITIONS));
    const serve = one.spine.serve.bind(one.spine);
    const serving = vi.spyOn(one.spine, 'serve').mockImplementation((filter, ...rest) => {
      if (filter === rpc('history', 'erase', LOG_PARTITION)) throw new BusError('UNAVAILABLE');
      return serve(filter, ...rest);
    });
    await one.brain.close();
    expect(other.brain.figures().partitions).toBe(PARTITIONS);
    const erase = { tenant: 'acme', erasureId: 'e_unknown' };
    await expect(other.call('history.erase', erase)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    serving.mockRestore();
    await other.brain.renew();
    await expect(other.call('history.erase', erase)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('[BRN-1] [SPN-4] serve once they are settled, where the Spine was away just then and a sweep waits for a store', async () => {
    const keyValue = createMemoryKeyValueStore();
    vi.spyOn(keyValue.bucket('ARQON_BANS'), 'list').mockReturnValue(new Promise(() => undefined));
    const spine = createLocalSpine();
    const serve = spine.serve.bind(spine);
    let refused = 0;
    const serving = vi.spyOn(spine, 'serve').mockImplementation((filter, ...rest) => {
      if (!filter.startsWith('arqon.rpc.channels.list.')) return serve(filter, ...rest);
      refused += 1;
      throw new BusError('UNAVAILABLE');
    });
    const one = await createBrainFixture({ keyValue, spine, settleMs: 20 });
    void one.brain.sweep();
    await vi.waitFor(() => expect(refused).toBe(PARTITIONS));
    serving.mockRestore();
    await one.brain.renew();
    await expect(one.call('channels.list', bench)).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it('[BRN-1] [PRS-2] answer for all rooms together, whoever owns them', async () => {
    const { one, other } = await createPair(0);
    const rooms = Array.from({ length: 24 }, (_, n) => `room-${n}`);
    for (const name of rooms) await make(one, 'acme', `${name}:all`);
    await one.report('n1', present('acme', 'n1_a', 'ada', ...rooms.map((name) => `${name}:all`)));
    const { rooms: listed } = await other.call('channels.rooms', { tenant: 'acme', limit: 1_000 });
    const members = listed.filter(({ room: name }) => name !== room).map((entry) => entry.members);
    expect(members).toEqual(rooms.map(() => 1));
    expect(await one.call('membership.count', { tenant: 'acme' })).toMatchObject({ connections: 1, rooms: 25 });
  });
});
