import { problemText } from '@arqonbus/config';
import type { LiveSettings } from '@arqonbus/config';
import { SettingRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { SettingRecord } from '@arqonbus/protocol/spine-messages';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';
import type { LogFields, RootLogger } from '@arqonbus/telemetry';

/** The settings that were changed at run time, followed. */
export interface FollowedSettings {
  /** Resolves when those that exist have been laid over the configuration. */
  readonly ready: Promise<void>;
  /** What was stored for a setting, where it is in force. */
  record(key: string): SettingRecord | undefined;
  stop(): void;
}

/**
 * Lays what the bucket `ARQON_SETTINGS` holds over the configuration, from now on and again after every loss of the Spine
 * (CFG-1, SPN-6). What cannot be read or is refused by the parser is logged and ignored; what was in force stays.
 */
export function followSettings(bucket: KeyValue, live: LiveSettings, logger: RootLogger): FollowedSettings {
  const records = new Map<string, SettingRecord>();
  const tell = (fields: LogFields, text: string): void => {
    // Whatever the level is to become, this is worth a line.
    if (fields['key'] === 'telemetry.log_level') logger.setLevel('info');
    logger.warn(fields, text);
    logger.setLevel(live.config.telemetry.logLevel);
  };
  const apply = ({ key, value }: KeyValueChange): void => {
    if (value === undefined) {
      if (!records.delete(key)) return;
      live.reset(key);
      tell({ event: 'setting_reset', key }, 'a setting is as configured again');
      return;
    }
    const record = readMessage(SettingRecordSchema, value);
    const problem = record === undefined ? { key, problem: 'cannot be read' } : live.set(key, record.value);
    if (record === undefined || problem !== undefined) {
      const text = problem && problemText(problem);
      logger.error({ event: 'setting_ignored', key, problem: text }, 'a setting of run time cannot be used');
      return;
    }
    const isOld = records.get(key)?.value === record.value;
    records.set(key, record);
    // A watch tells everything again after a reconnect.
    if (!isOld) tell({ event: 'setting_applied', key, value: record.value }, 'a setting was changed at run time');
  };
  const watch = bucket.watch('', apply);
  return { ready: watch.ready, record: (key) => records.get(key), stop: () => watch.stop() };
}
