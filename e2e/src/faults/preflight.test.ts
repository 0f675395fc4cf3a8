import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import {
  createTestDatabase,
  shippedNatsConfig,
  shippedValkeyUsers,
  startBrainStorage,
  startNatsServer,
  startValkeyServer,
} from '@arqonbus/testkit';
import type { BrainStorage, NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runArqon } from '../harness/run-arqon.ts';
import { programs } from '../harness/start-cluster-servers.ts';

// What `arqon preflight` tells before a service is started, with a NATS that has the shipped users.

const users = shippedNatsConfig();
let nats: NatsServer;
let server: Server;
let storage: BrainStorage;

beforeAll(async () => {
  nats = await startNatsServer({ jetstream: true, config: `max_payload: 2MB\n${users.config}` });
  storage = await startBrainStorage(programs.arqon, 'shared');
  server = createServer((request, response) => {
    response.end(request.url === '/keys' ? '{"keys":[]}' : 'no keys');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  server.close();
  await Promise.all([nats.stop(), storage.stop()]);
});

function sound(service: 'shield' | 'brain'): Record<string, string> {
  return {
    ARQONBUS_SERVER_PORT: '0',
    ARQONBUS_HTTP_PORT: '0',
    ARQONBUS_TELEMETRY_PORT: '0',
    ARQONBUS_AUTH_JWT_SECRET: randomBytes(32).toString('hex'),
    ARQONBUS_LOG_ID_KEY: randomBytes(32).toString('hex'),
    ARQONBUS_NATS_URL: nats.url,
    ...users.env(service),
    ...(service === 'brain' ? storage.env : {}),
  };
}

/** What a server says first: its release among other things. */
async function greetingOf({ port }: NatsServer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return greeting.toString('utf8');
}

interface Outcome {
  readonly code: number | null;
  readonly keys: readonly string[];
  readonly output: string;
}

async function preflight(service: 'shield' | 'brain', env: Readonly<Record<string, string>>): Promise<Outcome> {
  const run = runArqon(['preflight', '--service', service, '--json'], { ...sound(service), ...env });
  const code = await run.exited;
  const { problems } = JSON.parse(run.stdout()) as { problems: { key: string }[] };
  return { code, keys: problems.map(({ key }) => key), output: run.stdout() + run.stderr() };
}

test.for(['shield', 'brain'] as const)('[CFG-4] preflight lets a %s start where all is there', async (service) => {
  expect(await preflight(service, {})).toMatchObject({ code: 0, keys: [] });
});

test('[CFG-4] [CAS-2] preflight tells everything at once: what is written wrongly, and what cannot be reached', async () => {
  const { port } = server.address() as AddressInfo;
  const wrong = {
    ARQONBUS_NATS_URL: 'nats://127.0.0.1:9',
    ARQONBUS_LOG_ID_KEY: 'short',
    ARQONBUS_SERVER_HOST: '0.0.0.0',
    ARQONBUS_HTTP_PORT: String(port),
    ARQONBUS_AUTH_JWT_SECRET: '',
    ARQONBUS_AUTH_JWKS_URL: `http://127.0.0.1:${port}/nothing`,
    ARQONBUS_CASIL_REDACTION_PATTERNS: '["(unclosed"]',
    ARQONBUS_CASIL_VIEWS: 'nobody=*',
  };
  const { code, keys } = await preflight('shield', wrong);
  expect(code).toBe(1);
  const written = ['casil.redaction_patterns', 'casil.views', 'http.port', 'log.id_key', 'nats.url', 'server.host'];
  expect(keys.toSorted()).toEqual(['auth.jwks_url', ...written]);
});

test.for([
  ['another password', { ARQONBUS_NATS_PASSWORD: 'wrong-wrong-wrong' }, 'nats.url', /Authorization Violation/i],
  ['another user', { ARQONBUS_NATS_USER: 'nobody' }, 'nats.url', /Authorization Violation/i],
  ['a key that is none', { ARQONBUS_AUTH_JWT_SECRET: '', ARQONBUS_AUTH_JWT_PUBLIC_KEY: 'PEM' }, 'auth', /keys/],
] as const)('[CFG-4] preflight with %s', async ([, env, key, words]) => {
  const { code, keys, output } = await preflight('shield', env);
  expect([code, keys]).toEqual([1, [key]]);
  expect(output).toMatch(words);
  expect(output).not.toContain('wrong-wrong-wrong');
});

test('[CFG-4] [PRT-28] preflight tells that NATS takes smaller messages than clients may send', async () => {
  const small = await startNatsServer({ config: 'max_payload: 64KB' });
  const { code, keys, output } = await preflight('shield', { ARQONBUS_NATS_URL: small.url });
  expect([code, keys]).toEqual([1, ['nats.url']]);
  expect(output).toContain('NATS takes messages of 65536 bytes (max_payload); 131072 are needed.');
  await small.stop();
});

test('[CFG-4] [LOG-2] preflight tells that NATS is too old for durable channels, where it is', async () => {
  const durable = { ARQONBUS_LOG_RULES: JSON.stringify([{ pattern: 'orders:*', profile: 'durable' }]) };
  const { code, keys, output } = await preflight('brain', durable);
  const isOld = (await greetingOf(nats)).includes('"version":"2.9.');
  expect([code, keys]).toEqual(isOld ? [1, ['log.rules']] : [0, []]);
  expect(output).toMatch(
    isOld ? /NATS 2\.9\.\d+ cannot keep durable channels .* 2\.12\.12, 2\.14\.3/ : /"problems":\[\]/,
  );
});

test.for([
  ['memory', { ARQONBUS_STORAGE_BACKEND: 'memory' }, 'storage.backend', /forgets grants/],
  ['no address', { ARQONBUS_POSTGRES_URL: '' }, 'postgres.url', /is missing/],
  ['nobody there', { ARQONBUS_POSTGRES_URL: 'postgres://arqon_brain@127.0.0.1:9/bus' }, 'postgres.url', /ECONNREFUSED/],
] as const)('[CFG-4] preflight of a Brain with %s in the place of Postgres', async ([, env, key, words]) => {
  const { code, keys, output } = await preflight('brain', env);
  expect([code, keys]).toEqual([1, [key]]);
  expect(output).toMatch(words);
});

test('[CFG-4] [BRN-2] preflight tells that tables are missing, and of a role that may see too much', async () => {
  const empty = await createTestDatabase();
  const untouched = await preflight('brain', { ARQONBUS_POSTGRES_URL: empty.url });
  expect([untouched.code, untouched.keys]).toEqual([1, ['postgres.url']]);
  expect(untouched.output).toContain('arqon migrate');
  const migrated = runArqon(['migrate', '--json'], { ARQONBUS_POSTGRES_OWNER_URL: empty.ownerUrl });
  expect(await migrated.exited).toBe(0);
  expect(JSON.parse(migrated.stdout())).toMatchObject({ from: 0 });
  expect(await preflight('brain', { ARQONBUS_POSTGRES_URL: empty.url })).toMatchObject({ code: 0, keys: [] });
  const above = await preflight('brain', { ARQONBUS_POSTGRES_URL: empty.adminUrl });
  expect([above.code, above.keys]).toEqual([1, ['postgres.url']]);
  expect(above.output).toContain('row-level security');
  await empty.drop();
});

test('[CFG-4] [LOG-6] preflight of a Brain tells why it could not keep the log in Valkey', async () => {
  const { users, env } = shippedValkeyUsers();
  const server = await startValkeyServer({ users });
  const sound = { ...env, ARQONBUS_LOG_BACKEND: 'valkey', ARQONBUS_VALKEY_URL: server.url };
  expect(await preflight('brain', sound)).toMatchObject({ code: 0, keys: [] });
  const broken = [
    [{ ARQONBUS_VALKEY_URL: 'redis://127.0.0.1:9' }, 'ECONNREFUSED'],
    [{ ARQONBUS_VALKEY_PASSWORD: 'another-password' }, 'WRONGPASS'],
  ] as const;
  for (const [change, words] of broken) {
    const { keys, output } = await preflight('brain', { ...sound, ...change });
    expect([keys, output]).toEqual([['valkey.url'], expect.stringContaining(words)]);
  }
  await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  const forgetful = await preflight('brain', sound);
  expect([forgetful.keys, forgetful.output]).toEqual([['valkey.url'], expect.stringContaining('noeviction')]);
  await server.stop();
});

test('[CLI-1] arqon migrate says what is missing, and never a password', async () => {
  const lost = runArqon(['migrate'], {});
  expect(await lost.exited).toBe(1);
  expect(lost.stderr()).toContain('arqon: postgres.owner_url is missing');
  const ownerUrl = 'postgres://arqon_owner:wrong-wrong-wrong@127.0.0.1:9/bus';
  const refused = runArqon(['migrate'], { ARQONBUS_POSTGRES_OWNER_URL: ownerUrl });
  expect(await refused.exited).toBe(1);
  expect(refused.stderr()).toContain('ECONNREFUSED');
  expect(refused.stdout() + refused.stderr()).not.toContain('wrong-wrong-wrong');
});
