import type { BrainFixture } from '../testing/brain-fixture.ts';

/** A bootstrap room. */
export const science: readonly { readonly room: string; readonly channels: readonly string[] }[] = [
  { room: 'science', channels: ['general', 'explore'] },
];

/** Makes a channel `room:channel` as alice. */
export async function make(fixture: BrainFixture, tenant: string, target: string, autoCreated = false): Promise<void> {
  const [room = '', channel = ''] = target.split(':');
  await fixture.call('channels.create', { tenant, record: { room, channel, createdBy: 'alice', autoCreated } });
}

/** Names of the channels in a room. */
export async function namesIn(fixture: BrainFixture, tenant: string, room: string): Promise<string[]> {
  const { channels } = await fixture.call('channels.list', { tenant, room, limit: 1_000 });
  return channels.map(({ record }) => record?.channel ?? '');
}

/** Rooms of a tenant: name, channels, members. */
export async function roomsOf(fixture: BrainFixture, tenant: string): Promise<(readonly [string, number, number])[]> {
  const { rooms } = await fixture.call('channels.rooms', { tenant, limit: 1_000 });
  return rooms.map(({ room, channels, members }) => [room, channels, members] as const);
}
