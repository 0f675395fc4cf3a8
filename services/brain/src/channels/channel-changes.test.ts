import { describe, expect, it, vi } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { channelKey, createMemoryKeyValueStore } from '@arqonbus/spine';
import type { BucketName, KeyValue } from '@arqonbus/spine';
import { createBrainFixture, leave, present } from '../testing/brain-fixture.ts';
import { make, namesIn, science } from '../testing/channel-calls.ts';

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
    const fixture = await createBrainFixture({ limits: { channelsPerTenant: 3 }, bootstrapRooms: science });
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
    const keyValue = { bucket: (name: BucketName) => (name === 'ARQON_CHANNELS' ? slow : store.bucket(name)) };
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

  it('[PRS-5] A-18: makes a record for a channel with members that another Brain has deleted', async () => {
    const keyValue = createMemoryKeyValueStore();
    const fixture = await createBrainFixture({ keyValue });
    await make(fixture, 'acme', 'lab:bench');
    await fixture.report('n1', present('acme', 'n1_a', 'alice', 'lab:bench'));
    const bucket = keyValue.bucket('ARQON_CHANNELS');
    const key = channelKey('acme' as TenantId, 'lab', 'bench');
    await bucket.delete(key, (await bucket.get(key))?.revision ?? 0);
    const request = { tenant: 'acme', room: 'lab', channel: 'bench' };
    const info = await vi.waitFor(() => fixture.call('channels.info', request));
    expect(info).toMatchObject({ record: { autoCreated: true }, members: 1 });
  });
});
