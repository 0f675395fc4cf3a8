import { describe, expect, it } from 'vitest';
import type { Config } from './config.ts';
import { checkChange, createLiveSettings, liveKeys, parseLiveValue } from './live-settings.ts';
import { parseConfig } from './parse-config.ts';
import { settings } from './settings.ts';

function configOf(env: Readonly<Record<string, string>> = {}): Config {
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('settings at run time', () => {
  it('[CFG-1] are laid over every other source, in place, and taken away again', () => {
    const configured = configOf({ ARQONBUS_LIMITS_HISTORY_PAGE: '70' });
    const live = createLiveSettings(configured);
    const { limits, access } = live.config;
    const told: string[] = [];
    live.onChange((key) => told.push(`${key} ${JSON.stringify(limits.historyPage)}`));
    expect([limits.historyPage, live.isChanged('limits.history_page')]).toEqual([70, false]);
    expect(live.set('limits.history_page', '7')).toBeUndefined();
    expect(live.set('access.default', 'closed')).toBeUndefined();
    expect([limits.historyPage, access.default, live.isChanged('limits.history_page')]).toEqual([7, 'closed', true]);
    expect([live.configured('limits.history_page'), configured.limits.historyPage]).toEqual([70, 70]);
    live.reset('limits.history_page');
    live.reset('limits.history_page');
    live.reset('no.setting');
    expect([limits.historyPage, live.isChanged('limits.history_page')]).toEqual([70, false]);
    expect(told).toEqual(['limits.history_page 7', 'access.default 7', 'limits.history_page 70']);
  });

  it('[CFG-1] [LOG-15] no rule and no profile is changed to archive what Valkey keeps', () => {
    const profiles = { kept: { class: 'history', max_messages: 9, max_age_ms: 60_000, max_bytes: 1_048_576 } };
    const rule = { pattern: 'payments:*', profile: 'kept' };
    const env = {
      ARQONBUS_LOG_PROFILES: JSON.stringify(profiles),
      ARQONBUS_LOG_RULES: JSON.stringify([rule]),
    };
    for (const [backend, key] of [
      ['valkey', 'log.rules'],
      ['jetstream', undefined],
    ] as const) {
      const config = configOf({ ...env, ARQONBUS_LOG_BACKEND: backend });
      const archived = config.log.profiles.map((profile) => ({ ...profile, archive: profile.name === 'kept' }));
      expect(checkChange(config, 'log.profiles', archived)?.key).toBe(key);
      expect(checkChange(config, 'log.rules', [{ ...rule, profile: 'durable' }])?.key).toBe(key);
      expect(checkChange(config, 'log.rules', [rule])).toBeUndefined();
    }
  });

  it('[CFG-1] of a value that changes nothing nobody is told', () => {
    const live = createLiveSettings(configOf());
    const told: string[] = [];
    live.onChange((key) => told.push(key));
    live.set('limits.history_page', String(live.config.limits.historyPage));
    expect([told, live.isChanged('limits.history_page')]).toEqual([[], true]);
  });

  it.each([
    ['limits.histroy_page', '7', /is no setting.*did you mean limits.history_page/],
    ['limits.history_page', '0', /must be from 1/],
    ['limits.history_page', 'many', /must be a whole number/],
    ['access.default', 'ajar', /must be one of open, closed/],
    ['server.port', '9200', /cannot be changed at run time/],
    ['auth.jwt_secret', 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j', /cannot be changed at run time/],
    ['__proto__', '1', /is no setting/],
  ])('[CFG-1] refuse %s = %s with the words of the configuration', (key, text, words) => {
    const live = createLiveSettings(configOf());
    const before = JSON.stringify(live.config);
    const problem = live.set(key, text);
    expect(`${problem?.problem} ${problem?.fix ?? ''}`).toMatch(words);
    expect(parseLiveValue(key, text).ok).toBe(false);
    expect(JSON.stringify(live.config)).toBe(before);
  });

  it('[CFG-1] hold no secret', () => {
    expect(liveKeys.length).toBeGreaterThan(10);
    expect(liveKeys.filter((key) => settings[key].kind === 'secret')).toEqual([]);
  });
});
