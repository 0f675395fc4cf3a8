import { SettingRecordSchema, fromBinary } from '@arqonbus/protocol/spine-messages';
import { describe, expect, it } from 'vitest';
import { createBrainFixture } from '../testing/brain-fixture.ts';

const setting = { key: 'limits.history_page', value: '7', changedBy: '198.51.100.7' };

describe('settings at run time', () => {
  it('[CFG-1] are stored by key, with value, time and origin, and logged', async () => {
    const lines: unknown[] = [];
    const log = (fields: object): void => void lines.push(fields);
    const { call, keyValue, now, brain } = await createBrainFixture({ logger: { info: log, warn: log, error: log } });
    await call('settings.set', setting);
    await call('settings.set', { ...setting, value: '8' });
    const [entry, ...rest] = await keyValue.bucket('ARQON_SETTINGS').list('');
    expect([entry?.key, rest]).toEqual(['limits.history_page', []]);
    expect(fromBinary(SettingRecordSchema, entry?.value ?? new Uint8Array())).toMatchObject({
      value: '8',
      changedAtMs: BigInt(now()),
      changedBy: '198.51.100.7',
    });
    expect(await call('settings.reset', setting)).toMatchObject({ reset: true });
    expect(await call('settings.reset', setting)).toMatchObject({ reset: false });
    expect(await keyValue.bucket('ARQON_SETTINGS').list('')).toEqual([]);
    expect(lines).toMatchObject([
      { event: 'setting_changed', key: 'limits.history_page', value: '7', changed_by: '198.51.100.7' },
      { event: 'setting_changed', value: '8' },
      { event: 'setting_reset', key: 'limits.history_page', changed_by: '198.51.100.7' },
    ]);
    await brain.close();
  });

  it('[CFG-1] hold the last of several values that are set at once', async () => {
    const { call, keyValue, brain } = await createBrainFixture();
    const values = ['11', '12', '13', '14'];
    await Promise.all(values.map((value) => call('settings.set', { ...setting, value })));
    const [entry] = await keyValue.bucket('ARQON_SETTINGS').list('');
    expect(values).toContain(fromBinary(SettingRecordSchema, entry?.value ?? new Uint8Array()).value);
    await brain.close();
  });

  it.each([
    [{ ...setting, value: '0' }, /limits.history_page is 0; it must be from 1/],
    [{ ...setting, key: 'server.port' }, /cannot be changed at run time/],
    [{ ...setting, key: 'auth.jwt_secret' }, /cannot be changed at run time/],
    [{ ...setting, key: 'limits.>' }, /is no setting/],
    [{ ...setting, changedBy: 'x'.repeat(129) }, /too long/],
  ])('[CFG-1] refuse %o', async (request, text) => {
    const { call, keyValue, brain } = await createBrainFixture();
    await expect(call('settings.set', request)).rejects.toMatchObject({ code: 'VALIDATION_ERROR', message: text });
    expect(await keyValue.bucket('ARQON_SETTINGS').list('')).toEqual([]);
    await brain.close();
  });

  it.each(['', '>', 'limits.>', 'a.b.c', '../x'])('[CFG-1] refuse to reset %j', async (key) => {
    const { call, brain } = await createBrainFixture();
    const refusal = { code: 'VALIDATION_ERROR' };
    await expect(call('settings.reset', { key, changedBy: '' })).rejects.toMatchObject(refusal);
    await brain.close();
  });
});
