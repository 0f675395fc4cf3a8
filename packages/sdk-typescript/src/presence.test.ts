import { describe, expect, it } from 'vitest';
import type { PresenceChange } from './presence.ts';
import type { Subscription } from './subscription.ts';
import { createClientFixture } from './testing/client-fixture.ts';

function member(clientId: string, status = ''): object {
  const joinedAt = '2026-11-25T12:00:00.000Z';
  return { client_id: clientId, user: clientId[0], client_type: 'human', joined_at: joinedAt, status };
}

const place = { room: 'ops', channel: 'alerts' };
const nothing = { event: 'presence', ...place, joins: [], leaves: [], updates: [], total: 1 };

async function watch() {
  const fixture = createClientFixture();
  const socket = await fixture.connect();
  const joining = fixture.client.join('ops:alerts', { presence: true });
  await expect.poll(() => socket.commands('join_channel').length).toBe(1);
  socket.reply(socket.commands('join_channel')[0], { ...place, members: [member('a1')], total: 1 });
  const channel = await joining;
  const told: PresenceChange[] = [];
  channel.on('presence', (change) => told.push(change));
  return { ...fixture, socket, channel, told };
}

function ids({ members }: Subscription): string[] {
  return [...members.values()].map(({ client_id: clientId, status }) => `${clientId} ${status ?? ''}`);
}

describe('presence', () => {
  it('[PRS-1] keeps the members as they come, change and go, and tells each change', async () => {
    const { socket, channel, told } = await watch();
    expect(ids(channel)).toEqual(['a1 ']);
    const tell = (change: object): void => socket.deliver({ type: 'system', payload: { ...nothing, ...change } });
    tell({ joins: [{ ...member('b1'), first_of_user: true }], total: 2 });
    tell({ updates: [member('b1', 'away')], total: 2 });
    expect(ids(channel)).toEqual(['a1 ', 'b1 away']);
    tell({ leaves: [{ client_id: 'a1', user: 'a', last_of_user: true }] });
    expect(ids(channel)).toEqual(['b1 away']);
    expect(told.map(({ joins, leaves, updates }) => [joins.length, leaves.length, updates.length])).toEqual([
      [1, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
  });

  it('[PRS-3] names nobody where there are too many, and all of them again after that', async () => {
    const { socket, channel, told } = await watch();
    socket.deliver({ type: 'system', payload: { ...nothing, total: 900, counts_only: true } });
    expect([ids(channel), told.at(-1)?.total]).toEqual([[], 900]);
    socket.deliver({ type: 'system', payload: { ...nothing, joins: [member('c1')], reset: true } });
    expect(ids(channel)).toEqual(['c1 ']);
  });

  it('[PRS-1] after a reconnect tells who is there now: nobody knows who came and went meanwhile', async () => {
    const { socket, channel, told, reconnect } = await watch();
    socket.end(1006);
    const next = await reconnect();
    next.reply(next.commands('join_channel')[0], { ...place, members: [member('b1')], total: 1 });
    await expect.poll(() => told.length).toBe(1);
    expect(told[0]).toMatchObject({ reset: true, joins: [{ client_id: 'b1' }], total: 1 });
    expect(ids(channel)).toEqual(['b1 ']);
  });

  it('[P-12] of a hostile server is an error and changes nothing', async () => {
    const { socket, channel, told, record } = await watch();
    const errors = record('error');
    const malformed = [{ joins: 7 }, { room: 8 }, { leaves: [null] }, { updates: [{}] }, { channel: 'a b' }];
    for (const change of malformed) socket.deliver({ type: 'system', payload: { ...nothing, ...change } });
    socket.deliver({ type: 'system', payload: { ...nothing, channel: 'other', joins: [member('x')] } });
    expect([errors.length, told.length, ids(channel)]).toEqual([malformed.length, 0, ['a1 ']]);
  });
});
