import type { SettingKey } from '@arqonbus/config';
import type { AskOperator } from '../client/operator-client.ts';

/** A setting of run time as a Shield tells it. */
export interface LiveSetting {
  readonly key: SettingKey;
  readonly value: unknown;
  readonly configured: unknown;
  /** RFC 3339; absent = it is as configured. */
  readonly changed_at?: string;
  readonly changed_by?: string;
}

/** The settings of a running bus. Every call rejects with what the Shield says. */
export interface SettingsClient {
  list(): Promise<readonly LiveSetting[]>;
  set(key: string, value: string): Promise<void>;
  /** False where nothing had been changed. */
  reset(key: string): Promise<boolean>;
}

/** The settings of the bus whose operator is asked. */
export function createSettingsClient(operator: AskOperator): SettingsClient {
  const ask: AskOperator = (path, ...rest) => operator(`/settings${path}`, ...rest);
  return {
    list: async () => (await ask(''))['settings'] as readonly LiveSetting[],
    set: async (key, value) => void (await ask(`/${encodeURIComponent(key)}`, 'PUT', { value })),
    reset: async (key) => (await ask(`/${encodeURIComponent(key)}`, 'DELETE'))['reset'] === true,
  };
}
