import { describe, expect, it } from 'vitest';
import { ChannelRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import type { TenantId } from '@arqonbus/protocol';
import { roomKey } from '@arqonbus/spine';
import { createBrainFixture, leave, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';
import { make, namesIn, roomsOf, science } from '../testing/channel-calls.ts';

const acme = 'acme' as TenantId;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

async function settingsOf(fixture: BrainFixture, tenant: string, room: string): Promise<string> {
  const { settings } = await fixture.call('channels.room_settings', { tenant, room });
  return new TextDecoder().decode(settings);
}

describe('rooms', () => {
  it('[PRM-4] are listed without channels, and are no channel', async () => {
    const fixture = await createBrainFixture();
    await fixture.call('channels.create_room', { tenant: 'acme', room: 'deep.space', settings: text('{"a":1}') });
    expect(await roomsOf(fixture, 'acme')).toEqual([['deep.space', 0, 0]]);
    expect(await namesIn(fixture, 'acme', 'deep.space')).toEqual([]);
    await make(fixture, 'acme', 'deep.space:one');
    expect(await roomsOf(fixture, 'acme')).toEqual([['deep.space', 1, 0]]);
    expect(await namesIn(fixture, 'acme', 'deep.space')).toEqual(['one']);
    expect(await settingsOf(fixture, 'acme', 'deep.space')).toBe('{"a":1}');
    await expect(fixture.call('channels.list', { tenant: 'globex', room: 'deep.space' })).rejects.toMatchObject({
      code: 'ROOM_NOT_FOUND',
    });
  });

  it('[PRM-4] are made once, whether by themselves, by a channel or by the configuration', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    await make(fixture, 'acme', 'lab:one');
    await fixture.call('channels.create_room', { tenant: 'acme', room: 'made' });
    for (const room of ['made', 'lab', 'science']) {
      const again = fixture.call('channels.create_room', { tenant: 'acme', room });
      await expect(again).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    await fixture.call('channels.create_room', { tenant: 'globex', room: 'made' });
    for (const method of ['channels.room_settings', 'channels.delete_room'] as const) {
      const change = fixture.call(method, { tenant: 'acme', room: 'science', settings: text('{}') });
      await expect(change).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
    }
  });

  it('[PRM-4] that came with their channels get a record by their first settings', async () => {
    const fixture = await createBrainFixture();
    await make(fixture, 'acme', 'lab:one');
    expect(await settingsOf(fixture, 'acme', 'lab')).toBe('');
    for (const settings of ['{"b":2}', '{"c":3}']) {
      await fixture.call('channels.room_settings', { tenant: 'acme', room: 'lab', settings: text(settings) });
      expect(await settingsOf(fixture, 'acme', 'lab')).toBe(settings);
    }
    const entry = await fixture.keyValue.bucket('ARQON_CHANNELS').get(roomKey(acme, 'lab'));
    expect(entry && fromBinary(ChannelRecordSchema, entry.value)).toMatchObject({ room: 'lab', channel: '*' });
    const tooLong = { tenant: 'acme', room: 'lab', settings: new Uint8Array(65_537) };
    await expect(fixture.call('channels.room_settings', tooLong)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('[PRM-4] [PRD-4] go with all of their channels once nobody is in any, and those of another tenant stay', async () => {
    const fixture = await createBrainFixture();
    for (const tenant of ['acme', 'globex']) {
      await fixture.call('channels.create_room', { tenant, room: 'lab' });
      for (const name of ['one', 'two']) await make(fixture, tenant, `lab:${name}`);
    }
    await fixture.report('n1', present('acme', 'n1_a', 'bob', 'lab:two'));
    const remove = () => fixture.call('channels.delete_room', { tenant: 'acme', room: 'lab' });
    await expect(remove()).rejects.toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['one', 'two']);
    await fixture.report('n1', [leave('acme', 'n1_a', 'lab', 'two')]);
    expect(await remove()).toMatchObject({ channels: 2 });
    await expect(remove()).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    expect(await roomsOf(fixture, 'acme')).toEqual([]);
    expect(await roomsOf(fixture, 'globex')).toEqual([['lab', 2, 0]]);
  });

  it('[PRM-4] [PRD-5] count towards the quota of channels, and outlive a restart of the Brain', async () => {
    const first = await createBrainFixture({ limits: { channelsPerTenant: 1 } });
    await first.call('channels.create_room', { tenant: 'acme', room: 'one', settings: text('{"a":1}') });
    const second = first.call('channels.create_room', { tenant: 'acme', room: 'two' });
    await expect(second).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    const { keyValue } = first;
    await first.brain.close();
    const next = await createBrainFixture({ keyValue });
    expect(await roomsOf(next, 'acme')).toEqual([['one', 0, 0]]);
    expect(await settingsOf(next, 'acme', 'one')).toBe('{"a":1}');
  });
});
