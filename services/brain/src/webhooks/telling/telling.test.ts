import type { Clock, TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, WebhookEventSchema, create, fromBinary } from '@arqonbus/protocol/spine-messages';
import { createWebhookEmitter } from '@arqonbus/runtime';
import { PARTITIONS, createMemoryKeyValueStore, roomPartition } from '@arqonbus/spine';
import type { NewWork } from '@arqonbus/spine';
import { describe, expect, it, vi } from 'vitest';
import { MembershipState } from '../../membership/membership-state.ts';
import { memberNamed } from '../../testing/brain-fixture.ts';
import { createTelling } from './create-telling.ts';
import type { BrainTelling } from './create-telling.ts';

const acme = 'acme' as TenantId;
const bench = { tenant: acme, room: 'lab', channel: 'bench' };
const partition = roomPartition(acme, 'lab');
const record = create(ChannelRecordSchema, { ...bench, createdBy: 'ann', description: 'Größe \u{1f680}' });
const ALL = new Set(Array.from({ length: PARTITIONS }, (_, number) => number));
const NONE: ReadonlySet<number> = new Set();
const nothing = (): void => undefined;

interface Told {
  readonly type: string;
  readonly id: string;
  readonly data: unknown;
}

/** Brains that tell of the same channels into one queue, which knows the ids. */
function createRig(isWaiting: (type: string) => boolean = () => true) {
  const store = createMemoryKeyValueStore();
  const bucket = store.bucket('ARQON_OCCUPIED');
  let nowMs = 0;
  let isUp = true;
  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs };
  const added = new Map<string, NewWork>();
  const queue = {
    add: async (work: NewWork) => {
      if (!isUp) throw new Error('the queue is away');
      if (!added.has(work.id)) added.set(work.id, work);
    },
  };
  const hooks = {
    isAny: () => true,
    waitingFor: (_tenant: TenantId, type: string) => (isWaiting(type) ? ['wh_1'] : []),
    tenantsWaitingFor: () => [acme],
  };
  return {
    bucket,
    pass: (ms: number) => void (nowMs += ms),
    setQueue: (isThere: boolean) => void (isUp = isThere),
    told: (): readonly Told[] =>
      [...added.values()].map(({ data }) => {
        const event = fromBinary(WebhookEventSchema, data);
        return { type: event.type, id: event.eventId, data: JSON.parse(new TextDecoder().decode(event.data)) };
      }),
    brain: async (
      owned: ReadonlySet<number> = ALL,
      before: (brain: BrainTelling) => void = nothing,
    ): Promise<BrainTelling> => {
      const emitter = createWebhookEmitter({ queue, hooks, emitted: nothing, dropped: nothing });
      const brain = createTelling({ emitter, hooks, bucket, clock, maxListed: 2, onError: nothing });
      before(brain);
      await brain.open();
      brain.own(owned);
      return brain;
    },
  };
}

/** Who is where, as one Brain knows it; told of like a settled partition does. */
function createMembers({ telling }: BrainTelling) {
  const state: MembershipState = new MembershipState(
    {
      onOccupied: (address) => telling.onOccupancy(address, state),
      onEmptied: (address) => telling.onOccupancy(address, state),
      onJoined: nothing,
      onLeft: nothing,
      onUpdated: nothing,
    },
    2,
  );
  const come = (clientId: string): void => {
    const client = state.connect(acme, 'n1', memberNamed(clientId, 'ann'));
    state.join(client, 'lab', 'bench');
  };
  const go = (clientId: string): void => {
    const client = state.find(acme, clientId);
    if (client !== undefined) state.disconnect(client);
  };
  return { state, come, go };
}

const marksOf = async ({ bucket }: ReturnType<typeof createRig>): Promise<number> => (await bucket.list('')).length;

describe('a channel that nobody is in any more', () => {
  it('[WHK-2] is told once, by whoever owns it, and again when it was occupied again', async () => {
    const rig = createRig((type) => type === 'channel_vacated');
    const brain = await rig.brain();
    const { come, go } = createMembers(brain);
    for (const round of [1, 2]) {
      for (const client of ['n1_a', 'n1_b']) come(client);
      await vi.waitFor(async () => expect(await marksOf(rig)).toBe(1));
      for (const client of ['n1_a', 'n1_b']) go(client);
      await vi.waitFor(async () => expect(await marksOf(rig)).toBe(0));
      expect(rig.told()).toHaveLength(round);
    }
    expect(rig.told()[0]).toMatchObject({ type: 'channel_vacated', data: { room: 'lab', channel: 'bench' } });
    expect(new Set(rig.told().map(({ id }) => id)).size).toBe(2);
  });

  it('[WHK-2] [BRN-1] is told by the next owner where the one before died, and under one id where both tell', async () => {
    const rig = createRig((type) => type === 'channel_vacated');
    const [one, other] = [await rig.brain(), await rig.brain(NONE)];
    const [near, far] = [createMembers(one), createMembers(other)];
    near.come('n1_a');
    await vi.waitFor(async () => expect(await marksOf(rig)).toBe(1));
    // Nobody tells the one that died; the other finds the mark, and nobody there.
    other.own(ALL);
    other.telling.tend(partition, far.state);
    await vi.waitFor(() => expect(rig.told()).toHaveLength(1));
    // It was not dead at all.
    near.go('n1_a');
    await vi.waitFor(async () => expect(await marksOf(rig)).toBe(0));
    expect(rig.told()).toHaveLength(1);
  });

  it('[WHK-2] is told later where the queue is away', async () => {
    const rig = createRig((type) => type === 'channel_vacated');
    const brain = await rig.brain();
    const { state, come, go } = createMembers(brain);
    come('n1_a');
    await vi.waitFor(async () => expect(await marksOf(rig)).toBe(1));
    rig.setQueue(false);
    go('n1_a');
    brain.telling.tend(partition, state);
    rig.setQueue(true);
    await vi.waitFor(async () => {
      brain.telling.tend(partition, state);
      expect(await marksOf(rig)).toBe(0);
    });
    expect(rig.told()).toHaveLength(1);
  });

  it('[WHK-2] is marked also where the webhook came after its members, and not at all where none waits', async () => {
    let isWaiting = false;
    const rig = createRig((type) => isWaiting && type === 'channel_vacated');
    const brain = await rig.brain();
    const { state, come } = createMembers(brain);
    come('n1_a');
    brain.telling.tend(partition, state);
    expect(await marksOf(rig)).toBe(0);
    isWaiting = true;
    brain.telling.tend(partition, state);
    await vi.waitFor(async () => expect(await marksOf(rig)).toBe(1));
  });
});

describe('channels that are made and deleted', () => {
  it('[WHK-2] [BRN-1] are told by their owner alone, and by the next one under the same id if they are that young', async () => {
    const rig = createRig((type) => type.startsWith('channel_'));
    const [one, other] = [await rig.brain(), await rig.brain(NONE)];
    for (const { telling } of [one, other]) telling.onCreated(bench, record, 7);
    await vi.waitFor(() => expect(rig.told()).toHaveLength(1));
    expect(rig.told()[0]).toMatchObject({
      type: 'channel_created',
      data: { room: 'lab', channel: 'bench', created_by: 'ann', description: record.description, auto_created: false },
    });
    one.own(NONE);
    for (const { telling } of [one, other]) telling.onDeleted(bench, 7);
    expect(rig.told()).toHaveLength(1);
    other.own(ALL);
    await vi.waitFor(() => expect(rig.told().map(({ type }) => type)).toEqual(['channel_created', 'channel_deleted']));
    rig.pass(30_001);
    other.own(NONE);
    other.own(ALL);
    expect(rig.told()).toHaveLength(2);
  });

  it('[WHK-2] are no news where a Brain finds them when it starts, and rooms are none', async () => {
    const rig = createRig();
    const brain = await rig.brain(ALL, ({ telling }) => telling.onCreated(bench, record, 7));
    brain.telling.onCreated({ ...bench, channel: '*' }, record, 8);
    brain.telling.onCreated({ ...bench, channel: 'new' }, record, 9);
    await vi.waitFor(() => expect(rig.told()).toMatchObject([{ data: { channel: 'new' } }]));
  });
});

describe('members', () => {
  it('[WHK-2] are told as they come and go, by the owner alone', async () => {
    const rig = createRig((type) => type === 'presence');
    const [one, other] = [await rig.brain(), await rig.brain(NONE)];
    const joins = [memberNamed('n1_a', 'ann')];
    const change = { joins, leaves: new Map([['n1_b', 'ben']]), updates: [], total: 1, countsOnly: false };
    for (const { telling } of [one, other]) telling.onPresence(bench, { ...change, tenure: 't', number: 3 });
    one.telling.onPresence({ ...bench, channel: '*' }, { ...change, tenure: 't', number: 4 });
    await vi.waitFor(() => expect(rig.told()).toHaveLength(1));
    expect(rig.told()[0]).toMatchObject({
      type: 'presence',
      data: { joins: [{ client_id: 'n1_a', user: 'ann' }], leaves: [{ client_id: 'n1_b', user: 'ben' }], total: 1 },
    });
  });

  it('[WHK-2] [BRN-1] are told in full by the next owner, of channels that are empty by then, too', async () => {
    const rig = createRig((type) => type === 'presence');
    const [one, other] = [await rig.brain(), await rig.brain(NONE)];
    createMembers(one).come('n1_a');
    await vi.waitFor(async () => expect(await marksOf(rig)).toBe(1));
    const later = createMembers(other);
    other.own(ALL);
    other.telling.onTakenOver(partition, later.state, 'second');
    await vi.waitFor(() => expect(rig.told()).toMatchObject([{ data: { joins: [], total: 0, reset: true } }]));
    later.come('n1_b');
    other.telling.onTakenOver(partition, later.state, 'third');
    await vi.waitFor(() => expect(rig.told()).toHaveLength(2));
    expect(rig.told()[1]).toMatchObject({ data: { joins: [{ client_id: 'n1_b' }], total: 1, reset: true } });
    for (const client of ['n1_c', 'n1_d']) later.come(client);
    other.telling.onTakenOver(partition, later.state, 'fourth');
    await vi.waitFor(() => expect(rig.told()).toHaveLength(3));
    expect(rig.told()[2]).toMatchObject({ data: { joins: [], total: 3, counts_only: true, reset: true } });
  });
});
