import { describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { channelKey, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { createBrainFixture, disconnect, leave, present } from '../testing/brain-fixture.ts';
import type { BrainFixture } from '../testing/brain-fixture.ts';

const science = [{ room: 'science', channels: ['general', 'explore'] }];

async function make(fixture: BrainFixture, tenant: string, target: string, autoCreated = false): Promise<void> {
  const [room = '', channel = ''] = target.split(':');
  await fixture.call('channels.create', { tenant, record: { room, channel, createdBy: 'alice', autoCreated } });
}

async function namesIn(fixture: BrainFixture, tenant: string, room: string): Promise<string[]> {
  const { channels } = await fixture.call('channels.list', { tenant, room, limit: 1_000 });
  return channels.map(({ record }) => record?.channel ?? '');
}

async function roomsOf(fixture: BrainFixture, tenant: string): Promise<(readonly [string, number, number])[]> {
  const { rooms } = await fixture.call('channels.rooms', { tenant, limit: 1_000 });
  return rooms.map(({ room, channels, members }) => [room, channels, members] as const);
}

describe('channels.create', () => {
  it('[PRT-21] makes a channel that can be seen at once, in its tenant alone', async () => {
    const fixture = await createBrainFixture();
    const record = { room: 'lab', channel: 'bench.1', description: 'Beam \u{1f52c} line', createdBy: 'alice' };
    const settings = new TextEncoder().encode('{"colour":"grün"}');
    const made = await fixture.call('channels.create', { tenant: 'acme', record: { ...record, settings } });
    expect(made.record).toMatchObject({
      ...record,
      hardcoded: false,
      autoCreated: false,
      createdAtMs: BigInt(fixture.now()),
    });
    const info = await fixture.call('channels.info', { tenant: 'acme', room: 'lab', channel: 'bench.1' });
    expect(info.record).toEqual({ ...made.record, settings });
    const foreign = fixture.call('channels.info', { tenant: 'globex', room: 'lab', channel: 'bench.1' });
    await expect(foreign).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
  });

  it('[PRT-21] refuses a channel that exists, unless it is wanted only if absent', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    await make(fixture, 'acme', 'lab:bench');
    await expect(make(fixture, 'acme', 'lab:bench')).rejects.toMatchObject({ code: 'CHANNEL_EXISTS' });
    await expect(make(fixture, 'acme', 'science:general')).rejects.toMatchObject({ code: 'CHANNEL_EXISTS' });
    await expect(make(fixture, 'globex', 'lab:bench')).resolves.toBeUndefined();
    const record = { room: 'lab', channel: 'bench', createdBy: 'bob', autoCreated: true };
    const found = await fixture.call('channels.create', { tenant: 'acme', ifAbsent: true, record });
    expect(found.record).toMatchObject({ createdBy: 'alice', autoCreated: false });
  });

  it('[PRS-5] lets one of many at once make it, and tells the others of that one', async () => {
    const fixture = await createBrainFixture();
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const record = { room: 'lab', channel: 'bench', createdBy: `user-${i}` };
        return fixture.call('channels.create', { tenant: 'acme', ifAbsent: true, record });
      }),
    );
    expect(new Set(replies.map(({ record }) => record?.createdBy)).size).toBe(1);
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['bench']);
  });

  it('[PRD-5] [PRT-23] keeps to the number of channels of a tenant, also when all come at once', async () => {
    const fixture = await createBrainFixture({ channelsPerTenant: 3, bootstrapRooms: science });
    const tries = Array.from({ length: 5 }, (_, i) => make(fixture, 'acme', `lab:bench-${i}`));
    const outcomes = await Promise.allSettled(tries);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(outcomes.at(-1)).toMatchObject({ reason: { code: 'QUOTA_EXCEEDED' } });
    await expect(make(fixture, 'globex', 'lab:bench')).resolves.toBeUndefined();
    await fixture.call('channels.delete', { tenant: 'acme', room: 'lab', channel: 'bench-0' });
    await expect(make(fixture, 'acme', 'lab:bench-9')).resolves.toBeUndefined();
  });

  it('[CFG-3] makes no bootstrap channel, whatever is asked', async () => {
    const fixture = await createBrainFixture();
    const record = { room: 'lab', channel: 'bench', hardcoded: true };
    expect((await fixture.call('channels.create', { tenant: 'acme', record })).record?.hardcoded).toBe(false);
  });

  it.each([
    [{ tenant: 'a.*', record: { room: 'lab', channel: 'x' } }],
    [{ tenant: '', record: { room: 'lab', channel: 'x' } }],
    [{ tenant: 'acme' }],
    [{ tenant: 'acme', record: { room: 'lab', channel: '*' } }],
    [{ tenant: 'acme', record: { room: 'lab:x', channel: 'x' } }],
    [{ tenant: 'acme', record: { room: '>', channel: 'x' } }],
    [{ tenant: 'acme', record: { room: 'lab', channel: 'x\u0000' } }],
    [{ tenant: 'acme', record: { room: 'lab', channel: 'x', description: 'd'.repeat(1_025) } }],
    [{ tenant: 'acme', record: { room: 'lab', channel: 'x', settings: new Uint8Array(65_537) } }],
  ])('[T-01] [T-03] refuses what is malformed (%#)', async (request) => {
    const fixture = await createBrainFixture();
    await expect(fixture.call('channels.create', request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });
});

describe('channels.delete', () => {
  it('[PRT-21] deletes an empty channel of the own tenant alone', async () => {
    const fixture = await createBrainFixture();
    await make(fixture, 'acme', 'lab:bench');
    await make(fixture, 'globex', 'lab:bench');
    const request = { tenant: 'acme', room: 'lab', channel: 'bench' };
    await fixture.call('channels.delete', request);
    await expect(fixture.call('channels.list', request)).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    await expect(fixture.call('channels.delete', request)).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
    expect(await namesIn(fixture, 'globex', 'lab')).toEqual(['bench']);
    await make(fixture, 'acme', 'lab:bench');
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['bench']);
  });

  it('[CFG-3] refuses a bootstrap channel', async () => {
    const fixture = await createBrainFixture({ bootstrapRooms: science });
    const call = fixture.call('channels.delete', { tenant: 'acme', room: 'science', channel: 'general' });
    await expect(call).rejects.toMatchObject({ code: 'AUTHORIZATION_ERROR' });
  });

  it('[PRS-2] refuses a channel with members; those of another tenant do not count', async () => {
    const fixture = await createBrainFixture();
    await make(fixture, 'acme', 'lab:bench');
    await make(fixture, 'globex', 'lab:bench');
    await fixture.report('n1', present('acme', 'n1_a', 'alice', 'lab:bench'));
    const request = { tenant: 'acme', room: 'lab', channel: 'bench' };
    await expect(fixture.call('channels.delete', request)).rejects.toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
    await expect(fixture.call('channels.delete', { ...request, tenant: 'globex' })).resolves.toBeDefined();
    await fixture.report('n1', [leave('acme', 'n1_a', 'lab', 'bench')]);
    await expect(fixture.call('channels.delete', request)).resolves.toBeDefined();
  });

  it('[PRS-5] puts the record back when somebody joins while it is being deleted', async () => {
    const store = createMemoryKeyValueStore();
    const bucket = store.bucket('ARQON_CHANNELS');
    let beforeDelete = async (): Promise<void> => undefined;
    const slow: KeyValue = {
      get: (key) => bucket.get(key),
      create: (key, value) => bucket.create(key, value),
      update: (key, value, revision) => bucket.update(key, value, revision),
      list: (prefix) => bucket.list(prefix),
      watch: (prefix, onChange) => bucket.watch(prefix, onChange),
      delete: async (key, revision) => {
        await beforeDelete();
        await bucket.delete(key, revision);
      },
    };
    const keyValue = {
      bucket: (name: 'ARQON_CHANNELS' | 'ARQON_BANS') => (name === 'ARQON_BANS' ? store.bucket(name) : slow),
    };
    const fixture = await createBrainFixture({ keyValue });
    await make(fixture, 'acme', 'lab:bench');
    beforeDelete = async () => void (await fixture.report('n1', present('acme', 'n1_a', 'alice', 'lab:bench')));
    const request = { tenant: 'acme', room: 'lab', channel: 'bench' };
    await expect(fixture.call('channels.delete', request)).rejects.toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
    const info = await fixture.call('channels.info', request);
    expect(info).toMatchObject({ record: { createdBy: 'alice' }, members: 1 });
  });

  it('[PRS-5] makes a record for a channel whose member is heard of after the deletion', async () => {
    const fixture = await createBrainFixture();
    const request = { tenant: 'acme', room: 'lab', channel: 'bench' };
    await make(fixture, 'acme', 'lab:bench');
    await fixture.call('channels.delete', request);
    await fixture.report('n1', present('acme', 'n1_a', 'alice', 'lab:bench', 'lab:*'));
    await vi.waitFor(async () => expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['bench']));
    expect((await fixture.call('channels.info', request)).record).toMatchObject({ autoCreated: true });
    await expect(fixture.call('channels.delete', request)).rejects.toMatchObject({ code: 'CHANNEL_NOT_EMPTY' });
    await expect(namesIn(fixture, 'globex', 'lab')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });
});

describe('auto-created channels', () => {
  it('[PRS-5] go after 60 s without members, and only they', async () => {
    const fixture = await createBrainFixture();
    await make(fixture, 'acme', 'lab:auto', true);
    await make(fixture, 'globex', 'lab:auto', true);
    await make(fixture, 'acme', 'lab:made');
    await fixture.report('n1', present('globex', 'n1_a', 'bob', 'lab:auto'));
    fixture.pass(59_999);
    await fixture.report('n1', []);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['auto', 'made']);
    fixture.pass(1);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['made']);
    expect(await namesIn(fixture, 'globex', 'lab')).toEqual(['auto']);
    await fixture.report('n1', [disconnect('globex', 'n1_a')]);
    fixture.pass(30_000);
    await fixture.report('n1', present('globex', 'n1_b', 'bob', 'lab:auto'));
    await fixture.report('n1', [leave('globex', 'n1_b', 'lab', 'auto')]);
    fixture.pass(59_999);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'globex', 'lab')).toEqual(['auto']);
    fixture.pass(1);
    await fixture.brain.sweep();
    await expect(namesIn(fixture, 'globex', 'lab')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it('[BRN-1] have their 60 s anew after a restart of the Brain', async () => {
    const keyValue = createMemoryKeyValueStore();
    const record = create(ChannelRecordSchema, { room: 'lab', channel: 'auto', autoCreated: true });
    const key = channelKey('acme' as TenantId, 'lab', 'auto');
    await keyValue.bucket('ARQON_CHANNELS').create(key, toBinary(ChannelRecordSchema, record));
    const fixture = await createBrainFixture({ keyValue });
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['auto']);
    fixture.pass(60_000);
    await fixture.brain.sweep();
    await expect(namesIn(fixture, 'acme', 'lab')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    expect(await keyValue.bucket('ARQON_CHANNELS').get(key)).toBeUndefined();
  });
});

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
    const fixture = await createBrainFixture({ pageBytes: 4_000 });
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
    const other = await createBrainFixture({ keyValue });
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
