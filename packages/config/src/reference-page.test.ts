import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HIDDEN, shownValue } from './config-value.ts';
import { parseConfig } from './parse-config.ts';
import { referencePage } from './reference-page.ts';
import { settings } from './settings.ts';

describe('the reference of all settings', () => {
  it('[CFG-1] is what docs/configuration.md says (npm run build; arqon config docs > docs/configuration.md)', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    expect(page).toBe(referencePage());
  });

  it('[CFG-1] names every setting and its variable once', () => {
    const rows = referencePage()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    expect(rows).toHaveLength(Object.keys(settings).length);
    expect(new Set(rows.map((row) => row.split('|')[2])).size).toBe(rows.length);
  });
});

describe('what is shown of a configuration', () => {
  const env = { ARQONBUS_SERVER_PORT: '1', ARQONBUS_AUTH_JWT_SECRET: 'hunter2-hunter2-hunter2-hunter2!' };
  const result = parseConfig({ env, file: 'server: {port: 2, host: 127.0.0.2}', overrides: { 'http.port': '3' } });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { config, sources } = result;

  it('[CFG-1] where each value comes from: flag, environment, file, default', () => {
    const keys = ['http.port', 'server.port', 'server.host', 'telemetry.port'] as const;
    expect(keys.map((key) => [shownValue(config, key), sources.get(key)])).toEqual([
      [3, 'flag'],
      [1, 'environment'],
      ['127.0.0.2', 'file'],
      [9101, 'default'],
    ]);
  });

  it('[CFG-1] that a secret is set, and never what it is', () => {
    expect([shownValue(config, 'auth.jwt_secret'), shownValue(config, 'nats.password')]).toEqual([HIDDEN, '']);
  });
});
