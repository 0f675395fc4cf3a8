import {
  AuthenticateReplySchema,
  AuthenticateRequestSchema,
  create,
  fromBinary,
  toBinary,
} from '@arqonbus/protocol/spine-messages';
import { createNatsSpine, rpc } from '@arqonbus/spine';
import type { NatsSpine } from '@arqonbus/spine';
import { connectRaw, startCluster } from '@arqonbus/testkit';
import type { Cluster, RawSocket } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectJson } from '../harness/json-client.ts';
import { developmentSettings, programs } from '../harness/start-cluster-servers.ts';

// An operator's own service checks the tokens (AUT-6): NATS is real, with the users that are shipped.

let cluster: Cluster;
let port = 0;
const services: NatsSpine[] = [];

beforeAll(async () => {
  const { ARQONBUS_AUTH_JWT_SECRET: _, ...settings } = developmentSettings('');
  const env = { ...settings, ARQONBUS_AUTH_SERVICE: 'true' };
  cluster = await startCluster({ programs, postgres: 'shared', shields: 1, brains: 1, env });
  port = Number(new URL(cluster.shields[0]?.addresses()['ws_url'] ?? '').port);
});

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.close()));
});

afterAll(() => cluster.stop());

/** Serves tokens as the user `authenticator`; silence for `undefined`. */
async function authenticate(answer: (token: string) => Uint8Array | Promise<Uint8Array> | undefined): Promise<void> {
  const { ARQONBUS_NATS_USER: user = '', ARQONBUS_NATS_PASSWORD: password = '' } = cluster.natsUser('authenticator');
  const spine = await createNatsSpine({ servers: [cluster.nats.url], name: 'authenticator', user, password });
  services.push(spine);
  spine.serve(rpc('auth', 'authenticate'), (data) => answer(fromBinary(AuthenticateRequestSchema, data).token), 'auth');
  await spine.flush();
}

function identity(tenantId: string, user: string): Uint8Array {
  const expiresAtMs = BigInt(Date.now() + 3_600_000);
  return toBinary(
    AuthenticateReplySchema,
    create(AuthenticateReplySchema, { identity: { tenantId, user, expiresAtMs } }),
  );
}

const refusal = toBinary(
  AuthenticateReplySchema,
  create(AuthenticateReplySchema, { errorCode: 'AUTHENTICATION_FAILED' }),
);

function knock(token: string): Promise<RawSocket> {
  return connectRaw({ port, headers: { authorization: `Bearer ${token}` } });
}

async function expectUnavailable(reason: string): Promise<void> {
  const { status, headers, body } = await knock('opaque-token');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(JSON.parse(body)).toMatchObject({ error_code: 'UNAVAILABLE' });
  const http = cluster.shields[0]?.addresses()['http_url'] ?? '';
  const metrics = await (await fetch(`${http}/metrics`)).text();
  expect(metrics).toContain(`arqonbus_connections_refused_total{reason="token_${reason}"}`);
}

test('[AUT-6] lets in whom it names, into the tenant that it names, and 401 whom it refuses', async () => {
  await authenticate((token) => (token.startsWith('ok-') ? identity('acme', token.slice(3)) : refusal));
  const client = await connectJson({ port, token: 'ok-ada' });
  expect(client.welcome).toMatchObject({ tenant: 'acme', user: 'ada' });
  client.end();
  const refused = await knock('stolen');
  expect([refused.status, JSON.parse(refused.body)]).toMatchObject([401, { error_code: 'AUTHENTICATION_FAILED' }]);
});

test('[AUT-6] [PRD-6] 503 while nobody serves it, and good again when somebody does', async () => {
  await expectUnavailable('service_missing');
  await authenticate(() => identity('acme', 'ada'));
  const client = await connectJson({ port, token: 'any' });
  client.end();
  const log = cluster.shields[0]?.log() ?? '';
  expect(log).toMatch(/"event":"authenticator_failed".*service_missing/);
  expect(log).toContain('"event":"authenticator_back"');
  expect(log).not.toContain('opaque-token');
});

test('[AUT-6] [PRD-6] 503 for garbage, and for a tenant that could be no tenant', async () => {
  await authenticate(() => Uint8Array.of(0xff, 0xff, 0xff));
  await expectUnavailable('service_malformed');
  await Promise.all(services.splice(0).map((service) => service.close()));
  await authenticate(() => identity('acme.*', 'mallory'));
  await expectUnavailable('service_malformed_tenant');
});

test('[AUT-6] [PRD-6] 503 after two seconds where the answer is late', async () => {
  let answer: (data: Uint8Array) => void = () => undefined;
  await authenticate(() => new Promise((resolve) => (answer = resolve)));
  const start = performance.now();
  await expectUnavailable('service_late');
  expect(performance.now() - start).toBeGreaterThan(1_900);
  answer(identity('acme', 'ada'));
});
