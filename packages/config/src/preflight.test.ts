import { describe, expect, it } from 'vitest';
import { parseConfig } from './parse-config.ts';
import { isLoopbackHost } from './loopback.ts';
import { preflight } from './preflight.ts';
import type { RunMode } from './preflight.ts';

const secret = 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j';

/** The keys of the settings that preflight objects to. */
function objections(env: Readonly<Record<string, string>>, mode: RunMode = 'production'): readonly string[] {
  const result = parseConfig({ env });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return preflight(result.config, mode).map((problem) => problem.key);
}

const sound = { ARQONBUS_AUTH_JWT_SECRET: secret };

describe('preflight', () => {
  it('[CFG-4] has nothing against a sound configuration', () => {
    expect(objections(sound)).toEqual([]);
    expect(objections({ ARQONBUS_AUTH_JWKS_URL: 'https://id.example.com/jwks' })).toEqual([]);
    expect(objections({ ARQONBUS_AUTH_MODE: 'development' }, 'development')).toEqual([]);
  });

  it('[AUT-3, CFG-4] refuses development authentication outside development', () => {
    expect(objections({ ARQONBUS_AUTH_MODE: 'development' })).toEqual(['auth.mode']);
  });

  it('[AUT-3] keeps development mode on loopback', () => {
    const env = {
      ARQONBUS_AUTH_MODE: 'development',
      ARQONBUS_SERVER_HOST: '0.0.0.0',
      ARQONBUS_BRIDGE_HOST: '0.0.0.0',
      ARQONBUS_HTTP_HOST: '192.168.1.7',
    };
    expect(objections(env, 'development')).toEqual(['server.host', 'bridge.host', 'http.host']);
  });

  it('[CFG-4] wants exactly one source of keys', () => {
    expect(objections({})).toEqual(['auth']);
    expect(objections({ ...sound, ARQONBUS_AUTH_JWKS_FILE: '/etc/jwks.json' })).toEqual(['auth']);
  });

  it('[AUT-6, CFG-4] takes an authenticator of the operator in the place of keys, not beside them', () => {
    const service = { ARQONBUS_AUTH_SERVICE: 'true' };
    expect(objections(service)).toEqual([]);
    expect(objections({ ...sound, ...service })).toEqual(['auth']);
    expect(objections({ ...service, ARQONBUS_AUTH_MODE: 'development' }, 'development')).toEqual(['auth.service']);
  });

  it.each(['short', 'é'.repeat(15), 'a'.repeat(64), 'abcabcabcabcabcabcabcabcabcabcabcabc'])(
    '[AUT-1, CFG-4] refuses the weak secret %j',
    (weak) => {
      expect(objections({ ARQONBUS_AUTH_JWT_SECRET: weak })).toEqual(['auth.jwt_secret']);
    },
  );

  it.each(['short', 'please-change-me-in-production-0123456789', 'a'.repeat(64)])(
    '[CFG-4] refuses the operator token %j',
    (weak) => {
      expect(objections({ ...sound, ARQONBUS_HTTP_ADMIN_TOKEN: weak })).toEqual(['http.admin_token']);
      expect(objections({ ...sound, ARQONBUS_HTTP_ADMIN_TOKEN: secret })).toEqual([]);
    },
  );

  it.each([
    'a-string-secret-at-least-256-bits-long',
    'your-256-bit-secret-your-256-bit-secret',
    'please-change-me-in-production-0123456789',
    'my-Example-secret-0123456789-abcdefgh',
  ])('[CFG-4] refuses the well-known secret %j', (known) => {
    expect(objections({ ARQONBUS_AUTH_JWT_SECRET: known })).toEqual(['auth.jwt_secret']);
  });

  it.each([
    ['nats://nats.internal:4222', ['nats.url']],
    ['tls://nats.internal:4222,nats://10.0.0.7:4222', ['nats.url']],
    ['http://nats.internal:4222', ['nats.url']],
    ['nats.internal', ['nats.url']],
    ['tls://shield:hunter2@nats.internal:4222', ['nats.url']],
    ['tls://a.nats.internal:4222,tls://b.nats.internal:4222', []],
    ['nats://127.0.0.1:4222', []],
    ['nats://[::1]:4222', []],
  ])('[CFG-4] judges the address of NATS %s', (url, keys) => {
    expect(objections({ ...sound, ARQONBUS_NATS_URL: url })).toEqual(keys);
  });

  it.each([
    ['redis://valkey.internal:6379', ['valkey.url']],
    ['rediss://valkey.internal:6379', []],
    ['rediss://brain:hunter2@valkey.internal', ['valkey.url']],
    ['http://127.0.0.1:6379', ['valkey.url']],
    ['redis://127.0.0.1', []],
    ['redis://127.0.0.1:6379,redis://127.0.0.1:6380', ['valkey.url']],
  ])('[CFG-4] judges the address of Valkey %s', (url, keys) => {
    expect(objections({ ...sound, ARQONBUS_VALKEY_URL: url })).toEqual(keys);
  });

  it('[CFG-4] takes several addresses of a Valkey Cluster, all with TLS or none', () => {
    const cluster = { ...sound, ARQONBUS_VALKEY_CLUSTER: 'true' };
    expect(objections({ ...cluster, ARQONBUS_VALKEY_URL: 'rediss://a.internal,rediss://b.internal' })).toEqual([]);
    expect(objections({ ...cluster, ARQONBUS_VALKEY_URL: 'rediss://a.internal,redis://127.0.0.1' })).toEqual([
      'valkey.url',
    ]);
    expect(objections({ ...sound, ARQONBUS_VALKEY_CA_FILE: '/nowhere' })).toEqual(['valkey.ca_file']);
  });

  const onNats = { ARQONBUS_NATS_URL: 'nats://127.0.0.1:4222' };
  const withValkey = { ARQONBUS_VALKEY_URL: 'redis://127.0.0.1:6379' };
  it.each([
    ['auto', {}, []],
    ['auto', onNats, []],
    ['memory', {}, []],
    ['memory', onNats, ['log.backend']],
    ['jetstream', onNats, []],
    ['jetstream', {}, ['log.backend']],
    ['valkey', { ...onNats, ...withValkey }, []],
    ['valkey', withValkey, []],
    ['valkey', onNats, ['valkey.url']],
  ])('[CFG-4] [LOG-6] wants the log %s where it can be, with %j', (backend, env, keys) => {
    expect(objections({ ...sound, ...env, ARQONBUS_LOG_BACKEND: backend })).toEqual(keys);
  });

  it.each([
    ['jetstream', onNats, 'archived', []],
    ['valkey', { ...onNats, ...withValkey }, 'archived', ['log.rules']],
    ['valkey', { ...onNats, ...withValkey }, 'durable', ['log.rules']],
    ['valkey', { ...onNats, ...withValkey }, 'default', []],
  ])('[CFG-4] [LOG-15] [LOG-6] a log in %s with %j and channels of profile %s', (backend, servers, profile, keys) => {
    const archived = { class: 'history', max_messages: 9, max_age_ms: 60_000, max_bytes: 1_048_576, archive: true };
    const env = {
      ARQONBUS_LOG_BACKEND: backend,
      ARQONBUS_LOG_PROFILES: JSON.stringify({ archived }),
      ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: 'payments:*', profile }]),
    };
    expect(objections({ ...sound, ...servers, ...env })).toEqual(keys);
  });

  it('[CFG-4] never shows the secret it refuses', () => {
    const result = parseConfig({ env: { ARQONBUS_AUTH_JWT_SECRET: 'hunter2' } });
    expect(JSON.stringify(result.ok ? preflight(result.config, 'production') : [])).not.toContain('hunter2');
  });

  it('[CFG-4] refuses to listen beyond loopback in plain text without a proxy that is named', () => {
    expect(objections({ ...sound, ARQONBUS_SERVER_HOST: '0.0.0.0' })).toEqual(['server.host']);
    expect(objections({ ...sound, ARQONBUS_BRIDGE_HOST: '0.0.0.0' })).toEqual(['bridge.host']);
    expect(
      objections({ ...sound, ARQONBUS_SERVER_HOST: '0.0.0.0', ARQONBUS_SERVER_TRUSTED_PROXIES: '10.0.0.1' }),
    ).toEqual([]);
  });

  it.each(['*', 'null', 'app.example.com', 'https://app.example.com/', 'https://APP.example.com', 'ws://a.example'])(
    '[CFG-4] refuses the origin %s',
    (origin) => {
      const env = { ...sound, ARQONBUS_SERVER_ALLOWED_ORIGINS: `https://a.example:8443,${origin}` };
      expect(objections(env)).toEqual(['server.allowed_origins']);
    },
  );

  it.each(['*', 'proxy.internal', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::1/129', '10.0.0'])(
    '[CFG-4] refuses the proxy %s',
    (proxy) => {
      const env = { ...sound, ARQONBUS_SERVER_TRUSTED_PROXIES: `10.0.0.0/8,fd00::/8,192.0.2.1,${proxy}` };
      expect(objections(env)).toEqual(['server.trusted_proxies']);
    },
  );

  it('[CFG-4] refuses key sets in plain text and no algorithm', () => {
    expect(objections({ ARQONBUS_AUTH_JWKS_URL: 'http://id.example.com/jwks' })).toEqual(['auth.jwks_url']);
    expect(objections({ ARQONBUS_AUTH_JWKS_URL: 'nonsense' })).toEqual(['auth.jwks_url']);
    expect(objections({ ARQONBUS_AUTH_JWKS_URL: 'http://127.0.0.1:8000/jwks' })).toEqual([]);
    expect(objections({ ...sound, ARQONBUS_AUTH_ALGORITHMS: ',' })).toEqual(['auth.algorithms']);
  });

  it('[CFG-4] refuses limits that contradict each other', () => {
    const env = { ...sound, ARQONBUS_LIMITS_IDLE_TIMEOUT_MS: '25000', ARQONBUS_LIMITS_OUTBOUND_BUFFER_BYTES: '65536' };
    expect(objections({ ...env, ARQONBUS_LIMITS_MAX_FRAME_BYTES: '65537' })).toEqual([
      'limits.idle_timeout_ms',
      'limits.outbound_buffer_bytes',
    ]);
  });

  it('[CFG-4] lists everything at once', () => {
    const env = {
      ARQONBUS_AUTH_JWT_SECRET: 'short',
      ARQONBUS_SERVER_HOST: '::',
      ARQONBUS_SERVER_ALLOWED_ORIGINS: 'null',
    };
    expect(objections(env)).toEqual(['server.allowed_origins', 'auth.jwt_secret', 'server.host']);
  });
});

describe('loopback hosts', () => {
  it.each(['127.0.0.1', '127.8.9.10', '::1', '[::1]', 'localhost', 'LocalHost'])('[AUT-3] %s is one', (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    'localhost.evil.example',
    '127.1',
    '',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('[AUT-3] %j is none', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
