import { describe, expect, it } from 'vitest';
import type { TenantId } from '@arqonbus/protocol';
import { ChannelRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { channelKey, createMemoryKeyValueStore } from '@arqonbus/spine';
import { createBrainFixture, disconnect, leave, present } from '../testing/brain-fixture.ts';
import { make, namesIn } from '../testing/channel-calls.ts';

describe('auto-created channels', () => {
  it('[PRS-5] go after 60 s without members, and only they', async () => {
    const fixture = await createBrainFixture();
    await make(fixture, 'acme', 'lab:auto', true);
    await make(fixture, 'globex', 'lab:auto', true);
    await make(fixture, 'acme', 'lab:made');
    await fixture.report('n1', present('globex', 'n1_a', 'bob', 'lab:auto'));
    await fixture.pass(59_999);
    await fixture.report('n1', []);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['auto', 'made']);
    await fixture.pass(1);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'acme', 'lab')).toEqual(['made']);
    expect(await namesIn(fixture, 'globex', 'lab')).toEqual(['auto']);
    await fixture.report('n1', [disconnect('globex', 'n1_a')]);
    await fixture.pass(30_000);
    await fixture.report('n1', present('globex', 'n1_b', 'bob', 'lab:auto'));
    await fixture.report('n1', [leave('globex', 'n1_b', 'lab', 'auto')]);
    await fixture.pass(59_999);
    await fixture.brain.sweep();
    expect(await namesIn(fixture, 'globex', 'lab')).toEqual(['auto']);
    await fixture.pass(1);
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
    await fixture.pass(60_000);
    await fixture.brain.sweep();
    await expect(namesIn(fixture, 'acme', 'lab')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    expect(await keyValue.bucket('ARQON_CHANNELS').get(key)).toBeUndefined();
  });
});
