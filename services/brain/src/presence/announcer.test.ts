import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import {
  MembershipChange_Kind,
  PresenceChangeSchema,
  PresenceTakenOverSchema,
  fromBinary,
} from '@arqonbus/protocol/spine-messages';
import type { PresenceChange } from '@arqonbus/protocol/spine-messages';
import { ctl, presenceOf, roomPartition } from '@arqonbus/spine';
import { createBrainFixture, disconnect, join, leave } from '../testing/brain-fixture.ts';
import type { BrainFixture, ChangeInit } from '../testing/brain-fixture.ts';

const bench = { tenant: 'acme' as TenantId, room: 'lab', channel: 'bench' };

interface Told {
  readonly changes: PresenceChange[];
  readonly fixture: BrainFixture;
  /** Each change, in few words. */
  words(): string[];
}

async function listen(channel = 'bench', maxListed = 3): Promise<Told> {
  const fixture = await createBrainFixture({ maxListed });
  const changes: PresenceChange[] = [];
  fixture.spine.subscribe(presenceOf(bench.tenant, bench.room, channel), ({ data }) => {
    changes.push(fromBinary(PresenceChangeSchema, data));
  });
  return { changes, fixture, words: () => changes.map(wordsOf) };
}

function wordsOf({ joins, leaves, updates, total, countsOnly }: PresenceChange): string {
  const names = [
    ...joins.map(({ clientId }) => `+${clientId}`),
    ...leaves.map((clientId) => `-${clientId}`),
    ...updates.map(({ clientId, status }) => `~${clientId} ${status}`),
  ];
  return `${names.join(' ')} =${total}${countsOnly ? ' counts' : ''}`;
}

function joins(...clients: string[]): ChangeInit[] {
  return clients.map((client) => join('acme', client, 'lab', 'bench'));
}

describe('what is told of a channel', () => {
  it('[PRS-1] [PRS-5] who came, went and changed, one change after the other without a gap', async () => {
    const { changes, fixture, words } = await listen();
    await fixture.report('n1', joins('n1_a'));
    await fixture.pass(100);
    await fixture.report('n1', joins('n1_b'));
    await fixture.pass(100);
    const { member } = join('acme', 'n1_a', 'lab', 'bench');
    const update = { kind: MembershipChange_Kind.UPDATE, tenant: 'acme', clientId: 'n1_a' };
    await fixture.report('n1', [{ ...update, member: { ...member, status: 'away' } }]);
    await fixture.pass(100);
    await fixture.report('n1', [leave('acme', 'n1_b', 'lab', 'bench')]);
    await fixture.spine.flush();
    expect(words()).toEqual(['+n1_a =1', '+n1_b =2', '~n1_a away =2', '-n1_b =1']);
    for (const [index, { tenure, number, prevNumber }] of changes.entries()) {
      expect([tenure, prevNumber]).toEqual([changes[0]?.tenure, changes[index - 1]?.number ?? 0n]);
      expect(number).toBeGreaterThan(prevNumber);
    }
    await fixture.brain.close();
  });

  it('[PRS-4] at once where it was quiet, then together after 100 ms, without those who came and went', async () => {
    const { fixture, words } = await listen();
    await fixture.report('n1', joins('n1_a', 'n1_b'));
    await fixture.spine.flush();
    expect(words()).toEqual(['+n1_a +n1_b =2']);
    await fixture.report('n1', joins('n1_c'));
    await fixture.report('n1', [leave('acme', 'n1_c', 'lab', 'bench'), leave('acme', 'n1_a', 'lab', 'bench')]);
    await fixture.report('n1', joins('n1_a'));
    await fixture.spine.flush();
    expect(words().length).toBe(1);
    await fixture.pass(100);
    await fixture.brain.sweep();
    await fixture.spine.flush();
    expect(words().slice(1)).toEqual(['~n1_a  =2']);
    await fixture.brain.close();
  });

  it('[PRS-3] their number alone where there are many, and the list must be asked for when there are few again', async () => {
    const { changes, fixture, words } = await listen();
    await fixture.report('n1', joins('n1_a', 'n1_b', 'n1_c', 'n1_d'));
    const list = await fixture.call('presence.list', bench);
    expect(list).toMatchObject({ total: 4, countsOnly: true, members: [] });
    await fixture.pass(100);
    await fixture.report('n1', [leave('acme', 'n1_d', 'lab', 'bench')]);
    await fixture.spine.flush();
    expect(words()).toEqual([' =4 counts', '-n1_d =3']);
    // Not the number of the change before: whoever counted alone has missed something.
    expect(changes[1]?.prevNumber).toBe(0n);
    expect((await fixture.call('presence.list', bench)).members.length).toBe(3);
    await fixture.brain.close();
  });

  it('[PRS-4] of 10,000 who join within 2 s, at most one change in 100 ms, and no names of them', async () => {
    const { changes, fixture } = await listen('bench', 500);
    for (let start = 0; start < 10_000; start += 250) {
      await fixture.report('n1', joins(...Array.from({ length: 250 }, (_, index) => `n1_${start + index}`)));
      await fixture.pass(50);
    }
    await fixture.pass(100);
    await fixture.brain.sweep();
    await fixture.spine.flush();
    expect(changes.length).toBeGreaterThan(10);
    expect(changes.length).toBeLessThanOrEqual(22);
    expect(changes.at(-1)).toMatchObject({ total: 10_000, countsOnly: true });
    const named = changes.flatMap((change) => change.joins);
    expect(named.length).toBeLessThanOrEqual(500);
    expect(changes.every(({ countsOnly, total }) => countsOnly === total > 500)).toBe(true);
    await fixture.brain.close();
  });

  it('[PRS-1] of a room, who is in any of its channels, each once', async () => {
    const { fixture, words } = await listen('*');
    await fixture.report('n1', [...joins('n1_a'), join('acme', 'n1_a', 'lab', 'roof')]);
    await fixture.pass(100);
    await fixture.report('n1', [leave('acme', 'n1_a', 'lab', 'bench')]);
    await fixture.pass(100);
    await fixture.report('n1', [disconnect('acme', 'n1_a')]);
    await fixture.spine.flush();
    expect(words()).toEqual(['+n1_a =1', '-n1_a =0']);
    await fixture.brain.close();
  });
});

describe('lists', () => {
  it('[PRS-5] name the change after which they are true, and checks name it too', async () => {
    const { changes, fixture } = await listen();
    const partition = roomPartition('acme', 'lab');
    const asked = { partition, channels: [bench, { ...bench, channel: 'nobody' }] };
    expect((await fixture.call('presence.check', asked)).numbers).toEqual([0n, 0n]);
    await fixture.report('n1', joins('n1_a'));
    // Waits for its time, and is told before the list is given.
    await fixture.report('n1', joins('n1_b'));
    const list = await fixture.call('presence.list', bench);
    await fixture.spine.flush();
    expect(list.members.map(({ clientId }) => clientId)).toEqual(['n1_a', 'n1_b']);
    expect([list.tenure, list.number]).toEqual([changes[1]?.tenure, changes[1]?.number]);
    expect((await fixture.call('presence.check', asked)).numbers).toEqual([list.number, 0n]);
    await fixture.brain.close();
  });

  it('[PRD-4] hold nobody of another tenant', async () => {
    const { fixture, words } = await listen();
    await fixture.report('n1', [join('globex', 'n1_g', 'lab', 'bench')]);
    expect((await fixture.call('presence.list', bench)).members).toEqual([]);
    await fixture.spine.flush();
    expect(words()).toEqual([]);
    await fixture.brain.close();
  });
});

it('[PRS-5] who takes a partition over says so, and tells of nobody who was there before', async () => {
  const { changes, fixture } = await listen();
  await fixture.report('n1', joins('n1_a'));
  const { spine, keyValue } = fixture;
  await fixture.brain.close();
  const takenOver: number[] = [];
  spine.subscribe(ctl('presence'), ({ data }) => {
    takenOver.push(fromBinary(PresenceTakenOverSchema, data).partition);
  });
  const next = await createBrainFixture({ spine, keyValue, settleMs: 500, id: 'second' });
  await next.report('n1', joins('n1_a'), { snapshot: true, number: 2 });
  const list = await next.call('presence.list', bench);
  expect(list.members.map(({ clientId }) => clientId)).toEqual(['n1_a']);
  expect(list.tenure).not.toBe(changes[0]?.tenure);
  await spine.flush();
  expect(changes.length).toBe(1);
  expect(takenOver).toContain(roomPartition('acme', 'lab'));
  await next.brain.close();
});
