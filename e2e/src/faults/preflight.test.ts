import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { shippedNatsConfig, startNatsServer } from '@arqonbus/testkit';
import type { NatsServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runArqon } from '../harness/run-arqon.ts';

// What `arqon preflight` tells before a service is started, with a NATS that has the shipped users.

const users = shippedNatsConfig();
let nats: NatsServer;
let server: Server;

beforeAll(async () => {
  nats = await startNatsServer({ jetstream: true, config: `max_payload: 2MB\n${users.config}` });
  server = createServer((request, response) => {
    response.end(request.url === '/keys' ? '{"keys":[]}' : 'no keys');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterAll(async () => {
  server.close();
  await nats.stop();
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
  };
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

test('[CFG-4] preflight tells everything at once: what is written wrongly, and what cannot be reached', async () => {
  const { port } = server.address() as AddressInfo;
  const wrong = {
    ARQONBUS_NATS_URL: 'nats://127.0.0.1:9',
    ARQONBUS_LOG_ID_KEY: 'short',
    ARQONBUS_SERVER_HOST: '0.0.0.0',
    ARQONBUS_HTTP_PORT: String(port),
    ARQONBUS_AUTH_JWT_SECRET: '',
    ARQONBUS_AUTH_JWKS_URL: `http://127.0.0.1:${port}/nothing`,
  };
  const { code, keys } = await preflight('shield', wrong);
  expect(code).toBe(1);
  expect(keys.toSorted()).toEqual(['auth.jwks_url', 'http.port', 'log.id_key', 'nats.url', 'server.host']);
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
