import type { Config } from './config.ts';
import { toCamelCase } from './key-names.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';

/** What stands in the place of a secret that is set. */
export const HIDDEN = '(set, not shown)';

/** The value of one setting, by its key. */
export function configValue(config: Config, key: SettingKey): unknown {
  const [section = '', name = ''] = key.split('.');
  return (config as unknown as Record<string, Record<string, unknown>>)[section]?.[toCamelCase(name)];
}

/** The value as it may be shown to people: never that of a secret. */
export function shownValue(config: Config, key: SettingKey): unknown {
  const value = configValue(config, key);
  return settings[key].kind === 'secret' && value !== '' ? HIDDEN : value;
}
