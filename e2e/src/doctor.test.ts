import { freePort, startChaosProxy, waitUntil } from '@arqonbus/testkit';
import type { TokenOrder } from '@arqonbus/auth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Reasons why nothing arrives, planted one by one; `arqon doctor` must find each, and nothing where all is well.

let bus: Bus;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_SERVER_ALLOWED_ORIGINS: 'https://app.acme.example' });
});

afterAll(() => bus.stop());

interface Diagnosis {
  readonly code: number | null;
  readonly stdout: string;
  /** Each finding that is not ok, as `outcome check`. */
  readonly found: readonly string[];
}

interface Planted {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly receiver?: Partial<TokenOrder>;
  readonly publisher?: Partial<TokenOrder>;
}

const PUBLISHES = { action: 'publish', pattern: 'doc:*', effect: 'allow' } as const;

/** Runs it for `doc:ward`, where all is well unless something is planted. */
async function diagnose({ args = ['doc:ward'], env = {}, receiver, publisher }: Planted): Promise<Diagnosis> {
  const granted = { permissions: [PUBLISHES], user: 'bob', ...publisher };
  const flags = ['--json', '--timeout', '3000', '--publisher-jwt', await bus.token(granted)];
  const run = runArqon(['doctor', ...flags, ...args], {
    ARQONBUS_WS_URL: bus.wsUrl,
    ARQONBUS_HTTP_URL: bus.httpUrl,
    ARQONBUS_AUTH_JWT: await bus.token(receiver),
    ...env,
  });
  const code = await run.exited;
  const { findings } = JSON.parse(run.stdout()) as { findings: { check: string; outcome: string }[] };
  const found = findings.filter(({ outcome }) => outcome !== 'ok').map(({ check, outcome }) => `${outcome} ${check}`);
  return { code, stdout: run.stdout(), found };
}

test('[CLI-2] doctor finds nothing where messages arrive, and says so in order', async () => {
  const owner = await bus.connect({ user: 'owner' });
  await owner.must('join_channel', { room: 'doc', channel: 'ward' });
  expect(await diagnose({})).toMatchObject({ code: 0, found: [] });
  const env = { ARQONBUS_WS_URL: bus.wsUrl, ARQONBUS_AUTH_JWT: await bus.token({ permissions: [PUBLISHES] }) };
  const run = runArqon(['doctor', 'doc:ward'], env);
  expect(await run.exited).toBe(0);
  const checks = run
    .stdout()
    .split('\n')
    .map((line) => line.split(/ +/).slice(0, 2).join(' '));
  const all = ['receiver', 'publisher', 'channel', 'log', 'publish', 'delivery', 'echo'];
  expect(checks).toEqual([...all.map((check) => `ok ${check}`), '']);
  expect(run.stdout()).not.toContain(env.ARQONBUS_AUTH_JWT);
  expect(await owner.nextEvent()).toMatchObject({ payload: { arqon_doctor: expect.any(String) } });
  owner.end();
});

test('[CLI-2] --no-publish publishes nothing', async () => {
  const witness = await bus.connect({ user: 'witness' });
  await witness.must('join_channel', { room: 'doc', channel: 'quiet' });
  expect(await diagnose({ args: ['doc:quiet', '--no-publish'] })).toMatchObject({ code: 0, found: [] });
  const { publications } = await witness.must('history', { room: 'doc', channel: 'quiet' });
  expect(publications).toEqual([]);
  witness.end();
});

const everywhere = { action: 'join', pattern: 'doc:ward', effect: 'deny' } as const;

const reasons: readonly (readonly [string, () => Promise<Planted> | Planted, string, RegExp])[] = [
  ['nothing listens there', closedPort, 'failed receiver', /ECONNREFUSED/],
  ['the address is no WebSocket', () => at('htp:/nowhere'), 'failed receiver', /no address of a WebSocket/],
  ['the path is another', () => at(bus.wsUrl.replace('/v1/socket', '/socket')), 'failed receiver', /\/v1\/socket/],
  ['TLS is expected', overTls, 'failed receiver', /mixed up/],
  ['the token was cut', () => ({ env: { ARQONBUS_AUTH_JWT: 'eyJhbGciOi' } }), 'failed receiver', /is no JWT/],
  ['the token has a line end', () => ({ env: { ARQONBUS_AUTH_JWT: 'a.b.c\nx' } }), 'failed receiver', /line ends/],
  ['the token expired', () => ({ receiver: { ttlMs: -3_600_000 } }), 'failed receiver', /expired on 20/],
  ['the publisher has an expired token', () => ({ publisher: { ttlMs: -3_600_000 } }), 'failed publisher', /expired/],
  ['the token is signed with another key', tampered, 'failed receiver', /does not accept it/],
  ['the page has another origin', otherOrigin, 'failed receiver', /server.allowed_origins/],
  ['the receiver is banned', banned, 'failed receiver', /banned/],
  ['the tenants differ', () => ({ publisher: { tenant: 'globex' } }), 'failed tenant', /acme.*globex/],
  ['the name is no channel', () => ({ args: ['doc ward:x:y'] }), 'failed channel', /names no channel/],
  ['the receiver may not join', () => ({ receiver: { permissions: [everywhere] } }), 'failed channel', /may not join/],
  ['a grant forbids to join', forbidden, 'failed channel', /may not join/],
  ['the name is misspelt', () => ({ args: ['doc:Ward'] }), 'warning channel', /there is doc:ward/],
  ['the publisher has not joined', () => ({ publisher: { permissions: [] } }), 'warning publish', /joined/],
  ['the publisher is a guest', guest, 'failed publish', /may not/],
  ['the admin port is another', () => ({ env: { ARQONBUS_HTTP_URL: 'http://127.0.0.1:9' } }), 'failed service', /8080/],
];

async function closedPort(): Promise<Planted> {
  return at(`ws://127.0.0.1:${await freePort()}/v1/socket`);
}

function at(url: string): Planted {
  return { env: { ARQONBUS_WS_URL: url } };
}

function overTls(): Planted {
  return { args: ['doc:ward', '--timeout', '700'], ...at(bus.wsUrl.replace('ws://', 'wss://')) };
}

async function tampered(): Promise<Planted> {
  const [header, claims] = (await bus.token()).split('.');
  const [, , signature] = (await bus.token({ user: 'mallory' })).split('.');
  return { env: { ARQONBUS_AUTH_JWT: `${header}.${claims}.${signature}` } };
}

function otherOrigin(): Planted {
  return { args: ['doc:ward', '--origin', 'https://evil.example'] };
}

async function banned(): Promise<Planted> {
  const admin = await bus.connect({ user: 'boss', role: 'admin' });
  await admin.must('op.session.disconnect', { user: 'outcast', ban_for_ms: 600_000 });
  admin.end();
  return { receiver: { user: 'outcast' } };
}

async function forbidden(): Promise<Planted> {
  const admin = await bus.connect({ user: 'boss', role: 'admin' });
  await admin.must('op.grant.put', { subject: 'user:stranger', action: 'join', pattern: 'doc:*', effect: 'deny' });
  admin.end();
  return { receiver: { user: 'stranger' } };
}

function guest(): Planted {
  return { publisher: { role: 'guest', permissions: [{ action: 'join', pattern: 'doc:*', effect: 'allow' }] } };
}

test.each(reasons)('[CLI-2] doctor finds that %s', async (_, plant, expected, words) => {
  const { code, stdout, found } = await diagnose(await plant());
  expect(found).toEqual([expected]);
  expect(stdout).toMatch(words);
  expect(code).toBe(expected.startsWith('failed') ? 1 : 0);
});

test('[CLI-2] [DPL-2] doctor waits for a server that cannot be reached yet, where it is told to', async () => {
  const server = await startChaosProxy({ targetPort: Number(new URL(bus.wsUrl).port) });
  const way = await startChaosProxy({ targetPort: server.port });
  server.cut();
  const found = diagnose({ args: ['doc:ward', '--wait', '60s'], ...at(`ws://127.0.0.1:${way.port}/v1/socket`) });
  await waitUntil(() => way.accepted() > 0, { what: 'a first try' });
  server.heal();
  expect(await found).toMatchObject({ code: 0 });
  await Promise.all([way.stop(), server.stop()]);
});

test('[CLI-2] doctor finds that a live channel keeps nothing for those who are away', async () => {
  const live = await startBus({ ARQONBUS_LOG_RULES: '[{"pattern": "*:*", "profile": "live"}]' });
  const env = { ARQONBUS_WS_URL: live.wsUrl, ARQONBUS_AUTH_JWT: await live.token() };
  const run = runArqon(['doctor', 'doc:ward', '--json'], env);
  expect(await run.exited).toBe(0);
  expect(run.stdout()).toMatch(/"check":"log","outcome":"warning","text":"the channel is live/);
  await live.stop();
});
