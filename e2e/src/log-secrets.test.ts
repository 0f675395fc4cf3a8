import { connectRaw } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

interface Line {
  readonly event?: string;
  readonly [field: string]: unknown;
}

const USER = 'grace.hopper@example.com';
const WRONG = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkLXN1YiJ9.cGxhbnRlZC1zaWduYXR1cmU';

/** Words that are planted where people and programs put what is nobody else's business. */
const PLANTED = [
  'planted-payload',
  'planted-private',
  'planted-metadata',
  'planted-header',
  'planted-argument',
  'planted-reason',
  'planted-room',
  'planted-command',
  'planted-field',
  'planted-broken',
  'planted-query',
  'planted-opaque',
  'planted-filter',
  'planted-name',
  'cGxhbnRlZC1zaWduYXR1cmU',
  'planted-sub',
  USER,
] as const;

/** Everything a bus hears in its life, secrets wherever they fit; gives the tokens that were used. */
async function speak(bus: Bus): Promise<readonly string[]> {
  const tokens = [await bus.token({ user: USER }), await bus.token({ user: 'root', role: 'admin' })];
  const [token = '', adminToken = ''] = tokens;
  await knockEverywhere(bus, token);
  const grace = await bus.connect({ user: USER }, 'screen_name=planted-name');
  const ada = await bus.connect({ user: 'ada' });
  for (const client of [grace, ada]) await client.must('join_channel', { room: 'science', channel: 'talk' });
  const metadata = { note: 'planted-metadata' };
  const headers = { authorization: 'planted-header' };
  await grace.publish('science:talk', { password: 'planted-payload' }, { metadata, headers });
  await grace.publish('', 'planted-private', { type: 'private', to: [ada.clientId, 'user:planted-sub'] });
  await grace.publish('science:elsewhere', 'planted-payload');
  await grace.publish('planted room:\u202eplanted-room', 'planted-payload');
  await grace.command('planted-command', { secret: 'planted-argument' });
  await grace.command('join_channel', { room: 'planted room', channel: 'planted-argument' });
  await grace.command('refresh', { token: WRONG });
  await grace.must('refresh', { token });
  for (const frame of [
    '{"planted-broken',
    '{"type":"event","payload":"planted-broken"',
    '{"type":"planted-field"}',
    '[]',
  ])
    grace.socket.sendText(frame);
  await grace.nextError();
  const root = await bus.connect({ user: 'root', role: 'admin' });
  await root.must('op.session.disconnect', { user: 'ada', reason: 'planted-reason', ban_for_ms: 60_000 });
  await ada.closed();
  await followTelemetry(bus, adminToken);
  for (const client of [grace, root]) client.end();
  return [...tokens, await bus.token({ user: USER })];
}

/** Tokens in every place where one may stand, good and wrong. */
async function knockEverywhere(bus: Bus, token: string): Promise<void> {
  for (const candidate of [token, WRONG, 'planted-opaque']) {
    const ways = [
      { headers: { authorization: `Bearer ${candidate}` } },
      { protocols: ['arqon.v1.json', `bearer.${candidate}`] },
      { path: `/v1/socket?token=${candidate}&room=planted-query` },
    ];
    for (const way of ways) {
      const socket = await connectRaw({ port: bus.port, ...way });
      socket.destroy();
    }
  }
}

async function followTelemetry(bus: Bus, token: string): Promise<void> {
  const port = Number(new URL(bus.telemetryUrl).port);
  const socket = await connectRaw({ port, headers: { authorization: `Bearer ${token}` } });
  socket.sendText(JSON.stringify({ type: 'subscribe', id: 'arq_planted-1', events: ['planted-filter'] }));
  await socket.next(({ payload }) => payload.includes('arq_planted-1'));
  socket.destroy();
}

test.each(['info', 'trace'])(
  '[TEL-1] a run full of secrets leaves none of them in any log at level %s, and whole lines',
  async (level) => {
    const secret = 'planted-jwt-secret-of-more-than-32-bytes';
    const bus = await startBus({
      ARQONBUS_TELEMETRY_LOG_LEVEL: level,
      ARQONBUS_SERVER_QUERY_TOKEN: 'true',
      ARQONBUS_AUTH_JWT_SECRET: secret,
    });
    const tokens = await speak(bus);
    await bus.stop();
    const log = bus.log();
    const found = [...PLANTED, ...tokens, ...tokens.map((token) => token.split('.')[1] ?? ''), secret].filter((word) =>
      [word, Buffer.from(word).toString('base64').slice(0, -3)].some((text) => log.includes(text)),
    );
    expect(found).toEqual([]);
    const lines = log.trimEnd().split('\n').map(parse);
    expect(lines.filter((line) => line === undefined)).toEqual([]);
    const connected = lines.filter((line) => line?.event === 'client_connected');
    expect(connected.length).toBeGreaterThanOrEqual(3);
    for (const line of connected) expect(line).toMatchObject({ tenant: 'acme', client_id: expect.any(String) });
  },
);

test('[TEL-1] lines name tenant, client, room, channel and command where they apply', async () => {
  const bus = await startBus({ ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug' });
  const client = await bus.connect();
  await client.must('join_channel', { room: 'science', channel: 'talk' });
  await client.command('op.ban.list');
  await client.publish('science:design', 'not joined');
  const ids = { tenant: 'acme', client_id: client.clientId };
  client.end();
  await bus.stop();
  const lines = bus.log().trimEnd().split('\n').map(parse);
  expect(lines).toEqual(
    expect.arrayContaining(
      [
        { level: 'debug', event: 'command_executed', ...ids, command: 'join_channel' },
        { level: 'debug', event: 'command_refused', ...ids, command: 'op.ban.list', code: 'AUTHORIZATION_ERROR' },
        { level: 'debug', event: 'message_blocked', ...ids, room: 'science', channel: 'design', stage: 'authorize' },
        { level: 'info', event: 'client_disconnected', ...ids },
      ].map((fields) => expect.objectContaining(fields) as unknown),
    ),
  );
});

/** Undefined = not one JSON object. */
function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
