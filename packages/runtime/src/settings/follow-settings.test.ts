import { createLiveSettings, parseConfig } from '@arqonbus/config';
import type { LiveSettings } from '@arqonbus/config';
import { SettingRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import { createLogger } from '@arqonbus/telemetry';
import { describe, expect, it, vi } from 'vitest';
import { followSettings } from './follow-settings.ts';
import type { FollowedSettings } from './follow-settings.ts';

interface Rig {
  readonly bucket: KeyValue;
  readonly live: LiveSettings;
  readonly followed: FollowedSettings;
  readonly events: () => readonly string[];
  readonly logger: ReturnType<typeof createLogger>;
}

function bytes(value: string): Uint8Array {
  return toBinary(SettingRecordSchema, create(SettingRecordSchema, { value, changedBy: 'test' }));
}

async function start(before: Readonly<Record<string, string>> = {}): Promise<Rig> {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_SETTINGS');
  for (const [key, value] of Object.entries(before)) await bucket.create(key, bytes(value));
  const parsed = parseConfig({ env: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const live = createLiveSettings(parsed.config);
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const followed = followSettings(bucket, live, logger);
  await followed.ready;
  const events = (): string[] => lines.map((line) => (JSON.parse(line) as { event: string }).event);
  return { bucket, live, followed, events, logger };
}

describe('following settings', () => {
  it('[CFG-1] what was changed before the start is in force when it is ready', async () => {
    const { live, followed } = await start({ 'limits.history_page': '7', 'access.default': 'closed' });
    expect([live.config.limits.historyPage, live.config.access.default]).toEqual([7, 'closed']);
    expect(followed.record('limits.history_page')).toMatchObject({ value: '7', changedBy: 'test' });
    followed.stop();
  });

  it('[CFG-1] changes and resets are in force when they are told', async () => {
    const { bucket, live, followed, events } = await start();
    const revision = await bucket.create('limits.history_page', bytes('7'));
    await vi.waitFor(() => expect(live.config.limits.historyPage).toBe(7));
    await bucket.update('limits.history_page', bytes('8'), revision);
    await vi.waitFor(() => expect(live.config.limits.historyPage).toBe(8));
    await bucket.delete('limits.history_page');
    await vi.waitFor(() => expect(live.config.limits.historyPage).toBe(1_000));
    expect(followed.record('limits.history_page')).toBeUndefined();
    expect(events()).toEqual(['setting_applied', 'setting_applied', 'setting_reset']);
    followed.stop();
  });

  it.each([
    ['limits.history_page', bytes('0')],
    ['limits.history_page', bytes('many')],
    ['limits.history_page', Uint8Array.of(0xff, 0xff)],
    ['limits.no_such', bytes('1')],
    ['auth.mode', bytes('development')],
  ])('[CFG-1] [PRD-6] a bad value of %s is logged and ignored (%#)', async (key, value) => {
    const { bucket, live, followed, events } = await start({ 'limits.max_targets': '3' });
    const before = JSON.stringify(live.config);
    await bucket.create(key, value);
    await vi.waitFor(() => expect(events()).toContain('setting_ignored'));
    expect(JSON.stringify(live.config)).toBe(before);
    expect(followed.record(key)).toBeUndefined();
    followed.stop();
  });

  it('[CFG-1] a bad value leaves the good one of before in force', async () => {
    const { bucket, live, followed, events } = await start({ 'limits.max_targets': '3' });
    const entry = await bucket.get('limits.max_targets');
    await bucket.update('limits.max_targets', bytes('none'), entry?.revision ?? 0);
    await vi.waitFor(() => expect(events()).toContain('setting_ignored'));
    expect([live.config.limits.maxTargets, followed.record('limits.max_targets')?.value]).toEqual([3, '3']);
    followed.stop();
  });

  it('[CFG-1] the log level changes with its setting', async () => {
    const { bucket, followed, events, logger } = await start();
    logger.debug({ event: 'quiet' }, 'not logged');
    await bucket.create('telemetry.log_level', bytes('debug'));
    await vi.waitFor(() => expect(events()).toContain('setting_applied'));
    logger.debug({ event: 'loud' }, 'logged');
    await bucket.delete('telemetry.log_level');
    await vi.waitFor(() => expect(events()).toContain('setting_reset'));
    logger.debug({ event: 'quiet' }, 'not logged');
    expect(events()).toEqual(['setting_applied', 'loud', 'setting_reset']);
    followed.stop();
  });
});
