import { describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { ListRoomsRequestSchema, create } from '@arqonbus/protocol/spine-messages';
import {
  PARTITIONS,
  channelKey,
  createLocalSpine,
  createMemoryKeyValueStore,
  deadlineIn,
  serveBrain,
} from '@arqonbus/spine';
import { createBrainFixture, present } from '../testing/brain-fixture.ts';
import { listRooms } from './channel-lists.ts';
import type { ChannelRegistry } from './channel-registry.ts';
import { make, namesIn, roomsOf, science } from '../testing/channel-calls.ts';

describe('channels.list, rooms and info', () => {
  it('[PRT-26] [CFG-3] show bootstrap rooms to every tenant, own channels among them to their own', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    await make(fixture, 'acme', 'science:zeta');
    await make(fixture, 'acme', 'alpha:one');
    expect(await namesIn(fixture, 'acme', 'science')).toEqual(['explore', 'general', 'zeta']);
    expect(await namesIn(fixture, 'globex', 'science')).toEqual(['explore', 'general']);
    expect(await roomsOf(fixture, 'acme')).toEqual([
      ['alpha', 1, 0],
      ['science', 3, 0],
    ]);
    expect(await roomsOf(fixture, 'globex')).toEqual([['science', 2, 0]]);
    const { record } = await fixture.call('channels.info', {
      tenant: 'never-seen',
      room: 'science',
      channel: 'general',
    });
    expect(record).toMatchObject({ hardcoded: true, autoCreated: false });
  });

  it('[PRS-1] [PRD-4] count members per tenant; a client in two channels of a room is one of the room', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    await fixture.report('n1', [
      ...present('acme', 'n1_a', 'alice', 'science:general', 'science:explore'),
      ...present('acme', 'n1_b', 'bob', 'science:general', 'science:*'),
      ...present('globex', 'n1_c', 'carol', 'science:general'),
    ]);
    const { channels } = await fixture.call('channels.list', { tenant: 'acme', room: 'science' });
    expect(channels.map(({ record, members }) => [record?.channel, members])).toEqual([
      ['explore', 1],
      ['general', 2],
    ]);
    expect(await roomsOf(fixture, 'acme')).toEqual([['science', 2, 2]]);
    expect(await roomsOf(fixture, 'globex')).toEqual([['science', 2, 1]]);
    const info = await fixture.call('channels.info', { tenant: 'acme', room: 'science', channel: 'general' });
    expect(info.participants.map(({ clientId }) => clientId)).toEqual(['n1_a', 'n1_b']);
    expect(info.members).toBe(2);
  });

  it('[SPN-8] ask the owners of partitions for no longer than whoever asks them waits', async () => {
    const spine = createLocalSpine();
    const told: number[] = [];
    const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const count = (_: unknown, deadlineMs: number): { readonly members: number[] } => {
        told.push(deadlineMs);
        return { members: [7] };
      };
      serveBrain(spine, 'membership.rooms', count, observer, partition);
    }
    const registry = { roomsOf: () => ['science'], countIn: () => 1 } as unknown as ChannelRegistry;
    const request = create(ListRoomsRequestSchema, { tenant: 'acme' });
    const deadlineMs = deadlineIn(700);
    const { rooms } = await listRooms({ spine, registry, pageBytes: 65_536 }, request, deadlineMs);
    expect([rooms[0]?.members, told]).toEqual([7, [expect.closeTo(deadlineMs, 0)]]);
  });

  it('[PRT-22] page through a list that changes without losing or repeating what stays', async () => {
    const fixture = await createBrainFixture();
    for (let i = 10; i < 40; i++) await make(fixture, 'acme', `lab:c-${i}`);
    await make(fixture, 'globex', 'lab:foreign');
    const seen: string[] = [];
    let cursor = '';
    let page = 0;
    do {
      const reply = await fixture.call('channels.list', { tenant: 'acme', room: 'lab', limit: 7, cursor });
      seen.push(...reply.channels.map(({ record }) => record?.channel ?? ''));
      ({ cursor } = reply);
      await fixture.call('channels.delete', { tenant: 'acme', room: 'lab', channel: `c-${10 + page}` });
      await make(fixture, 'acme', `lab:a-${page++}`);
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `c-${i + 10}`));
  });

  it('[PRT-22] end a page before it outgrows its bytes, and leave settings out of lists', async () => {
    const fixture = await createBrainFixture({ limits: { pageBytes: 4_000 } });
    const settings = new TextEncoder().encode(`{"x":"${'y'.repeat(10_000)}"}`);
    for (let i = 0; i < 10; i++) {
      const record = { room: 'lab', channel: `c${i}`, description: '\u0001'.repeat(200), settings };
      await fixture.call('channels.create', { tenant: 'acme', record });
    }
    const { channels, cursor } = await fixture.call('channels.list', { tenant: 'acme', room: 'lab', limit: 10 });
    expect(channels).toHaveLength(2);
    expect(channels[0]?.record?.settings).toHaveLength(0);
    expect(cursor).not.toBe('');
  });

  it('[PRT-21] refuse an unknown room or channel, and a cursor that is none', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    const list = (request: { room: string; cursor?: string }) =>
      fixture.call('channels.list', { tenant: 'acme', ...request });
    await expect(list({ room: 'nowhere' })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    await expect(list({ room: 'a.*' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    await expect(list({ room: 'science', cursor: '!!' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    const info = fixture.call('channels.info', { tenant: 'acme', room: 'science', channel: 'nowhere' });
    await expect(info).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
    const pseudo = fixture.call('channels.info', { tenant: 'acme', room: 'science', channel: '*' });
    await expect(pseudo).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRS-5] follow what another replica writes', async () => {
    const keyValue = createMemoryKeyValueStore();
    const one = await createBrainFixture({ keyValue });
    const { spine } = one;
    const other = await createBrainFixture({ keyValue, spine });
    await make(one, 'acme', 'lab:bench');
    await vi.waitFor(async () => expect(await namesIn(other, 'acme', 'lab')).toEqual(['bench']));
    await other.call('channels.delete', { tenant: 'acme', room: 'lab', channel: 'bench' });
    await vi.waitFor(() => expect(namesIn(one, 'acme', 'lab')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' }));
  });

  it('[SPN-3] leave out records that cannot be read, and count them', async () => {
    const keyValue = createMemoryKeyValueStore();
    const bucket = keyValue.bucket('ARQON_CHANNELS');
    await bucket.create(channelKey('acme' as TenantId, 'lab', 'broken'), Uint8Array.of(0xff, 0xff));
    await bucket.create('not-ours', Uint8Array.of(1));
    const fixture = await createBrainFixture({ keyValue });
    await make(fixture, 'acme', 'lab:sound');
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['sound']);
    expect(fixture.brain.figures().malformedChannels).toBe(2);
  });
});
