import { describe, expect, it } from 'vitest';
import { connect, createBrainFixture, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';

async function idsOf(fixture: BrainFixture, tenant: string, room: string, channel: string): Promise<string[]> {
  const { members } = await fixture.call('membership.members', { tenant, room, channel, limit: 1_000 });
  return members.map(({ clientId }) => clientId);
}

describe('membership.members', () => {
  it('[PRS-1] [PRD-4] lists those in a channel, oldest connection first, of the own tenant alone', async () => {
    const fixture = await createBrainFixture();
    const at = fixture.now();
    await fixture.report('n1', [
      connect('acme', 'n1_b', 'bob', at + 1),
      ...present('globex', 'n1_g', 'canary', 'lab:bench'),
    ]);
    await fixture.report('n2', present('acme', 'n2_a', 'alice', 'lab:bench'));
    await fixture.report('n1', present('acme', 'n1_c', 'carol', 'lab:bench', 'lab:roof').slice(0, 3));
    expect(await idsOf(fixture, 'acme', 'lab', 'bench')).toEqual(['n1_c', 'n2_a']);
    expect(await idsOf(fixture, 'globex', 'lab', 'bench')).toEqual(['n1_g']);
    const { members, total } = await fixture.call('membership.members', {
      tenant: 'acme',
      room: 'lab',
      channel: 'bench',
    });
    expect(total).toBe(2);
    expect(members[0]).toMatchObject({ user: 'carol', clientType: 'human', screenName: 'carol \u{1f680}' });
    expect(
      JSON.stringify(members, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toContain('canary');
  });

  it('[PRT-20] lists those in a room once, by `*` or by no channel', async () => {
    const fixture = await createBrainFixture();
    await fixture.report('n1', [
      ...present('acme', 'n1_a', 'alice', 'lab:bench', 'lab:roof', 'lab:*'),
      ...present('acme', 'n1_b', 'bob', 'lab:roof'),
      ...present('acme', 'n1_c', 'carol', 'science:bench'),
    ]);
    expect(await idsOf(fixture, 'acme', 'lab', '*')).toEqual(['n1_a', 'n1_b']);
    expect(await idsOf(fixture, 'acme', 'lab', '')).toEqual(['n1_a', 'n1_b']);
    expect(await idsOf(fixture, 'globex', 'lab', '*')).toEqual([]);
  });

  it('[PRS-4] [PRT-22] pages through 10,000 members, each once', async () => {
    const fixture = await createBrainFixture();
    const changes = Array.from({ length: 10_000 }, (_, i) =>
      present('acme', `n1_${i}`, `user-${i}`, 'lab:bench'),
    ).flat();
    await fixture.report('n1', changes);
    const seen = new Set<string>();
    let cursor = '';
    do {
      const page = await fixture.call('membership.members', {
        tenant: 'acme',
        room: 'lab',
        channel: 'bench',
        limit: 1_000,
        cursor,
      });
      for (const { clientId } of page.members) seen.add(clientId);
      expect(page).toMatchObject({ total: 10_000 });
      ({ cursor } = page);
    } while (cursor !== '');
    expect(seen.size).toBe(10_000);
  });

  it.each([
    [{ tenant: '', room: 'lab', channel: 'bench' }],
    [{ tenant: 'acme', room: '*', channel: 'bench' }],
    [{ tenant: 'acme', room: 'lab', channel: 'a.>.*' }],
  ])('[T-01] refuses what is malformed (%#)', async (request) => {
    const fixture = await createBrainFixture();
    await expect(fixture.call('membership.members', request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('membership.count', () => {
  it('[PRD-4] gives the figures of one tenant, bootstrap rooms included', async () => {
    const fixture = await createBrainFixture({
      bootstrapRooms: [{ room: 'science', channels: ['general', 'explore'] }],
    });
    const record = { room: 'lab', channel: 'bench' };
    await fixture.call('channels.create', { tenant: 'acme', record });
    await fixture.report('n1', [
      connect('acme', 'n1_a', 'alice'),
      connect('acme', 'n1_b', 'alice'),
      connect('globex', 'n1_c', 'carol'),
    ]);
    const count = (tenant: string) => fixture.call('membership.count', { tenant });
    expect(await count('acme')).toMatchObject({ connections: 2, rooms: 2, channels: 3 });
    expect(await count('globex')).toMatchObject({ connections: 1, rooms: 1, channels: 2 });
    expect(await count('initech')).toMatchObject({ connections: 0, rooms: 1, channels: 2 });
  });
});
