import { DEFAULT_LIMITS, SHIPPED_PROFILES } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from './config.ts';
import { toCamelCase, toVariable } from './key-names.ts';
import { SHIPPED_RULES } from './log-settings.ts';
import { parseConfig } from './parse-config.ts';
import type { ConfigSources } from './parse-config.ts';
import type { Problem } from './problem.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';

const keys = Object.keys(settings) as SettingKey[];

function good(sources: Partial<ConfigSources>): Config {
  const result = parseConfig({ env: {}, ...sources });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

function problems(sources: Partial<ConfigSources>): readonly Problem[] {
  const result = parseConfig({ env: {}, ...sources });
  return result.ok ? [] : result.problems;
}

describe('defaults', () => {
  it('[CFG-2] are those of the specification', () => {
    const config = good({});
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 9100,
      listener: 'auto',
      compression: false,
      trustedProxies: [],
      allowedOrigins: [],
      tlsCertFile: '',
      tlsKeyFile: '',
      queryToken: false,
      drainTimeoutMs: 30_000,
    });
    expect(config.http).toEqual({ host: '127.0.0.1', port: 8080, adminToken: '' });
    expect(config.telemetry).toEqual({ port: 9101, logLevel: 'info', tracesUrl: '', tracesPerMillion: 10_000 });
    expect(config.auth.mode).toBe('required');
    expect(config.access).toEqual({ default: 'open' });
    expect(config.private).toEqual({ scope: 'any' });
    expect(config.log).toEqual({
      backend: 'auto',
      durableOnAnyNats: false,
      durableTags: [],
      idKey: '',
      shards: 1,
      streamMaxBytes: 1_073_741_824,
      memoryMaxBytes: 67_108_864,
      profiles: SHIPPED_PROFILES,
      rules: SHIPPED_RULES,
      otherIdKey: '',
    });
  });

  it('[CFG-1] of the limits are those of the protocol, one setting each', () => {
    const limits: Limits = good({}).limits;
    expect(limits).toEqual(DEFAULT_LIMITS);
  });

  it('[CFG-1] lie within their own bounds', () => {
    for (const key of keys) {
      const setting = settings[key];
      if (setting.kind !== 'integer' && setting.kind !== 'duration_ms') continue;
      expect(setting.default).toBeGreaterThanOrEqual(setting.min);
      expect(setting.default).toBeLessThanOrEqual(setting.max);
    }
  });

  it('[CFG-3] have bootstrap rooms in development only', () => {
    expect(good({}).bootstrap.rooms).toEqual({});
    expect(good({ env: { ARQONBUS_AUTH_MODE: 'development' } }).bootstrap.rooms).toEqual({
      science: ['general', 'explore', 'hypothesize', 'design', 'execute', 'interpret', 'share'],
    });
    expect(good({ env: { ARQONBUS_AUTH_MODE: 'development' } }).server.drainTimeoutMs).toBe(1_000);
    const env = { ARQONBUS_AUTH_MODE: 'development', ARQONBUS_BOOTSTRAP_ROOMS: '{"lab": ["bench"]}' };
    expect(good({ env }).bootstrap.rooms).toEqual({ lab: ['bench'] });
  });
});

describe('precedence', () => {
  const file = 'server:\n  host: ::1\n  port: 9200\n  compression: true\n';

  it('[CFG-1] is flag over environment over file over default', () => {
    const env = { ARQONBUS_SERVER_PORT: '9300', ARQONBUS_SERVER_HOST: '127.0.0.2' };
    const { server } = good({ env, file, overrides: { 'server.port': '0' } });
    expect(server).toMatchObject({ port: 0, host: '127.0.0.2', compression: true, listener: 'auto' });
  });

  it('[CFG-1] lets an empty variable count as not set', () => {
    expect(good({ env: { ARQONBUS_SERVER_PORT: '' }, file }).server.port).toBe(9_200);
  });

  it('[CFG-1] does not look at what a stronger source hides', () => {
    expect(good({ env: { ARQONBUS_SERVER_PORT: '1' }, file: 'server: {port: nonsense}' }).server.port).toBe(1);
  });
});

function takesAnyText(setting: Setting): boolean {
  return (
    setting.kind === 'string' || setting.kind === 'secret' || (setting.kind === 'list' && setting.values === undefined)
  );
}

describe('every setting', () => {
  it.each(keys)('[CFG-1] %s takes nothing of another kind from the file', (key) => {
    const [section = '', name = ''] = key.split('.');
    expect(problems({ file: JSON.stringify({ [section]: { [name]: { nested: [1] } } }) })).toMatchObject([{ key }]);
  });

  it.each(keys.filter((key) => !takesAnyText(settings[key])))('[CFG-2] %s is read from its variable', (key) => {
    const [problem] = problems({ env: { [toVariable(key)]: '\u0000nonsense:[' } });
    expect(problem).toMatchObject({ key: toVariable(key), problem: expect.stringMatching(/must|may/) });
  });

  it.each(keys.filter((key) => takesAnyText(settings[key])))('[CFG-2] %s takes any text from its variable', (key) => {
    const [section = '', name = ''] = key.split('.');
    const config: Readonly<Record<string, Readonly<Record<string, unknown>>>> = good({
      env: { [toVariable(key)]: 'ünï=1' },
    });
    expect([config[section]?.[toCamelCase(name)]].flat()).toEqual(['ünï=1']);
  });

  it('[CFG-1] that is a number keeps its bounds', () => {
    for (const key of keys) {
      const setting = settings[key];
      if (setting.kind !== 'integer' && setting.kind !== 'duration_ms') continue;
      for (const value of [setting.min, setting.max])
        expect(problems({ env: { [toVariable(key)]: String(value) } })).toEqual([]);
      for (const value of [setting.min - 1, setting.max + 1]) {
        expect(problems({ env: { [toVariable(key)]: String(value) } })).toHaveLength(1);
      }
    }
  });

  it.each(['1.5', '1e3', '0x10', 'ten', ' ', '1 000', 'NaN', 'Infinity', '9'.repeat(40)])(
    '[CFG-1] takes no number from %j',
    (text) => {
      expect(problems({ env: { ARQONBUS_SERVER_PORT: text } })).toHaveLength(1);
    },
  );

  it('[CFG-1] that is a list is separated by commas, or a list in the file', () => {
    const env = { ARQONBUS_SERVER_ALLOWED_ORIGINS: 'https://a.example, https://b.example,' };
    expect(good({ env }).server.allowedOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(good({ file: 'auth: {algorithms: [ES256]}' }).auth.algorithms).toEqual(['ES256']);
    expect(problems({ env: { ARQONBUS_AUTH_ALGORITHMS: 'ES256,none' } })).toMatchObject([
      { key: 'ARQONBUS_AUTH_ALGORITHMS', problem: 'may hold HS256, RS256, ES256, EdDSA only' },
    ]);
  });
});

describe('mistakes', () => {
  it('[CFG-1] are all reported at once, wherever they are', () => {
    const env = {
      ARQONBUS_SERVER_PROT: '9100',
      ARQONBUS_HTTP_PORT: '70000',
      ARQONBUS_SERVER_COMPRESSION: 'yes',
      ARQONBUS_AUTH_JWT_SECRET_FILE: '/nowhere/secret',
    };
    const file = 'sevrer: {}\nserver: {hots: x, listener: nginx}\nlog: 7\n';
    const found = problems({ env, file, overrides: { 'access.default': 'ajar' } });
    expect(found.map((problem) => problem.key).toSorted()).toEqual([
      'ARQONBUS_AUTH_JWT_SECRET_FILE',
      'ARQONBUS_HTTP_PORT',
      'ARQONBUS_SERVER_COMPRESSION',
      'ARQONBUS_SERVER_PROT',
      'access.default',
      'log',
      'server.hots',
      'server.listener',
      'sevrer',
    ]);
  });

  it('[CFG-1] in names come with what was probably meant', () => {
    expect(problems({ env: { ARQONBUS_SERVER_PROT: '1' } })[0]?.fix).toBe('did you mean ARQONBUS_SERVER_PORT?');
    expect(problems({ env: { ARQONBUS_AUTH_JWT_SECRT_FILE: '1' } })[0]?.fix).toContain('ARQONBUS_AUTH_JWT_SECRET_FILE');
    expect(problems({ file: 'limits: {max_frame_byte: 1}' })[0]?.fix).toBe('did you mean limits.max_frame_bytes?');
    expect(problems({ file: 'acess: {}' })[0]?.fix).toBe('did you mean access?');
    expect(problems({ env: { ARQONBUS_COMPLETELY_DIFFERENT: '1' } })).toEqual([
      { key: 'ARQONBUS_COMPLETELY_DIFFERENT', problem: 'is no setting' },
    ]);
  });

  it.each([
    '- a',
    '"text"',
    '7',
    'a: [',
    'server: {port: 1}\nserver: {port: 2}',
    'a: !!js/function x',
    'a: &x 1\nb: *x',
  ])('[CFG-1] in the file %j are one problem of the file', (file) => {
    expect(problems({ file })).toMatchObject([{ key: 'file' }]);
  });

  it('[CFG-1] are not made by an empty file, section or setting', () => {
    for (const file of ['', '# nothing\n', 'server:\n', 'server: {port: }']) expect(problems({ file })).toEqual([]);
  });

  it('[CFG-1] never make it throw, whatever the file says (property)', () => {
    const content = fc.dictionary(fc.constantFrom('server', 'log', 'limits', 'auth', 'bootstrap'), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.oneof(
          content.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        (file) => {
          expect(parseConfig({ env: {}, file })).toHaveProperty('ok');
        },
      ),
    );
  });
});

describe('secrets', () => {
  const secret = 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j';
  const readFile = (path: string): string => {
    if (path === '/run/secrets/jwt') return `${secret}\n`;
    if (path === '/run/secrets/empty') return '\n';
    throw new Error(`no such file ${path}`);
  };

  it('[CFG-2] come from a variable, a file of their own or the configuration file', () => {
    expect(good({ env: { ARQONBUS_AUTH_JWT_SECRET: secret } }).auth.jwtSecret).toBe(secret);
    expect(good({ env: { ARQONBUS_AUTH_JWT_SECRET_FILE: '/run/secrets/jwt' }, readFile }).auth.jwtSecret).toBe(secret);
    expect(good({ file: `auth: {jwt_secret: ${secret}}` }).auth.jwtSecret).toBe(secret);
  });

  it('[CFG-2] must not be set twice, and their file must hold something', () => {
    const file = { ARQONBUS_AUTH_JWT_SECRET_FILE: '/run/secrets/jwt' };
    expect(problems({ env: { ...file, ARQONBUS_AUTH_JWT_SECRET: secret }, readFile })).toHaveLength(1);
    expect(problems({ env: { ARQONBUS_AUTH_JWT_SECRET: secret, ...file }, readFile })).toHaveLength(1);
    for (const path of ['/run/secrets/empty', '/run/secrets/none']) {
      expect(problems({ env: { ARQONBUS_AUTH_JWT_SECRET_FILE: path }, readFile })).toHaveLength(1);
    }
  });

  it('[CFG-2] the address of Valkey may be called that of Redis, and not both', () => {
    const env = { ARQONBUS_REDIS_URL: 'redis://127.0.0.1:6379' };
    expect(good({ env }).valkey.url).toEqual(['redis://127.0.0.1:6379']);
    expect(problems({ env: { ...env, ARQONBUS_VALKEY_URL: 'redis://127.0.0.1:6380' } })).toHaveLength(1);
  });

  it('[CFG-2] are read from the disk where nothing else is said', () => {
    const env = { ARQONBUS_AUTH_JWT_SECRET_FILE: new URL(import.meta.url).pathname };
    expect(good({ env }).auth.jwtSecret).toContain('are read from the disk');
  });

  it('[CFG-1] never stand in a problem, even in the wrong place', () => {
    const env = {
      ARQONBUS_SERVER_PORT: secret,
      ARQONBUS_AUTH_MODE: secret,
      ARQONBUS_AUTH_ALGORITHMS: secret,
      ARQONBUS_BOOTSTRAP_ROOMS: `${secret}: [`,
      ARQONBUS_LOG_RULES: secret,
      ARQONBUS_AUTH_JWT_SECRET_FILE: secret,
      ARQONBUS_AUTH_UNKNOWN_SECRET: secret,
    };
    const found = problems({ env, file: `auth: {jwt_secret: {a: ${secret}}}\nserver: ${secret}`, readFile });
    expect(found.length).toBeGreaterThanOrEqual(7);
    expect(JSON.stringify(found)).not.toContain(secret);
  });
});

describe('variables of others', () => {
  it('[CFG-1] that Kubernetes makes for services are ignored with a warning', () => {
    const env = {
      ARQONBUS_SHIELD_SERVICE_HOST: '10.0.0.7',
      ARQONBUS_SHIELD_SERVICE_PORT: '9100',
      ARQONBUS_SHIELD_SERVICE_PORT_WS: '9100',
      ARQONBUS_SHIELD_PORT: 'tcp://10.0.0.7:9100',
      ARQONBUS_SHIELD_PORT_9100_TCP: 'tcp://10.0.0.7:9100',
      ARQONBUS_SHIELD_PORT_9100_TCP_ADDR: '10.0.0.7',
      ARQONBUS_SHIELD_PORT_9100_TCP_PROTO: 'tcp',
      ARQONBUS_SERVICE_HOST: '10.0.0.8',
      ARQONBUS_PORT: 'tcp://10.0.0.8:80',
      ARQONBUS_SERVER_PORT: 'tcp://10.0.0.9:9100',
    };
    const result = parseConfig({ env });
    expect(result).toMatchObject({ ok: true, config: { server: { port: 9_100 } } });
    expect(result.warnings).toHaveLength(Object.keys(env).length);
    expect(result.warnings.join(' ')).not.toContain('10.0.0');
  });

  it('[CFG-1] that clients use, and all without the prefix, are left alone in silence', () => {
    const ours = { ARQONBUS_WS_URL: 'ws://x', ARQONBUS_HTTP_URL: 'http://x', ARQONBUS_AUTH_JWT: 'e30' };
    const env = { ...ours, PATH: '/bin', ARQON_X: '1' };
    expect(parseConfig({ env })).toMatchObject({ ok: true, warnings: [] });
  });
});
