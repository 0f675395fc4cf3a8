import { connectRaw } from '@arqonbus/testkit';
import type { RawSocket } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;
let withQueryToken: Bus;

beforeAll(async () => {
  [bus, withQueryToken] = await Promise.all([
    startBus(roomyLimits),
    startBus({ ...roomyLimits, ARQONBUS_SERVER_QUERY_TOKEN: 'true', ARQONBUS_TELEMETRY_LOG_LEVEL: 'trace' }),
  ]);
});

afterAll(async () => {
  await Promise.all([bus.stop(), withQueryToken.stop()]);
});

async function knock(query: string): Promise<RawSocket> {
  const headers = { authorization: `Bearer ${await bus.token()}` };
  return connectRaw({ port: bus.port, path: `/v1/socket?${query}`, headers });
}

test('[PRT-2] a token in the query counts only where that is switched on, and is not logged', async () => {
  const closed = await connectRaw({ port: bus.port, path: `/v1/socket?token=${await bus.token()}` });
  expect([closed.status, JSON.parse(closed.body)]).toMatchObject([401, { error_code: 'AUTHENTICATION_FAILED' }]);

  const token = await withQueryToken.token();
  const open = await connectRaw({ port: withQueryToken.port, path: `/v1/socket?token=${token}&client_type=service` });
  expect(open.status).toBe(101);
  expect((await open.nextFrame()).payload.toString()).toContain('"welcome"');
  const expired = await withQueryToken.token({ ttlMs: -1_000 });
  const refused = await connectRaw({ port: withQueryToken.port, path: `/v1/socket?token=${expired}` });
  expect([refused.status, JSON.parse(refused.body)]).toMatchObject([401, { error_code: 'TOKEN_EXPIRED' }]);
  await expect.poll(() => withQueryToken.log()).toContain('client_connected');
  for (const text of [token, expired]) expect(withQueryToken.log()).not.toContain(text.split('.')[2]);
  open.destroy();
});

test('[PRT-3] the query describes the client to the others', async () => {
  const query = new URLSearchParams({
    client_type: 'ai-agent',
    screen_name: 'Zoë 🚀 "Planner" <b>',
    avatar: 'https://example.com/a.png?s=1&t=2',
    personality: 'curious, terse',
  });
  const agent = await bus.connect({ user: 'zoe' }, query.toString());
  const plain = await bus.connect({ user: 'plain' });
  for (const client of [agent, plain]) await client.must('join_channel', { room: 'described', channel: 'all' });
  const { participants } = await plain.must('channel_info', { room: 'described', channel: 'all' });
  expect(participants).toHaveLength(2);
  expect(participants).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ client_id: agent.clientId, user: 'zoe', ...Object.fromEntries(query) }),
      expect.objectContaining({ client_id: plain.clientId, user: 'plain', client_type: 'human' }),
    ]),
  );
  for (const client of [agent, plain]) client.end();
});

test.for(['room=science&channel=general', 'room=science:general', 'room=science%3Ageneral&channel=general'])(
  '[PRT-3] %s is joined at once, and is where messages go that name no room',
  async (query) => {
    const witness = await bus.connect({ user: 'witness' });
    await witness.must('join_channel', { room: 'science', channel: 'general' });
    const client = await bus.connect({ user: 'direct' }, query);
    const joined = await client.nextSystem('joined');
    const place = { room: 'science', channel: 'general' };
    expect(joined.payload).toMatchObject({ event: 'joined', ...place });
    expect(joined).not.toHaveProperty('request_id');
    expect(await client.publish('', 'no target named', { room: undefined })).toMatchObject({ status: 'success' });
    expect(await witness.nextEvent()).toMatchObject({ ...place, sender: client.clientId, payload: 'no target named' });
    for (const each of [client, witness]) each.end();
  },
);

test('[PRT-3] [LOG-9] a first join tells where the channel stands', async () => {
  const client = await bus.connect({ user: 'direct' }, 'room=science&channel=general');
  const place = { room: 'science', channel: 'general' };
  const { payload } = await client.nextSystem('joined');
  const position = { epoch: expect.any(String), seq: expect.any(Number) };
  expect(payload).toEqual({ event: 'joined', ...place, ...position, room_log: position });
  client.end();
});

test('[PRT-3] a room alone is a default target, and no join', async () => {
  const client = await bus.connect({ user: 'halfway' }, 'room=science');
  expect(await client.publish('', 1, { room: undefined })).toMatchObject({ error_code: 'VALIDATION_ERROR' });
  const place = { room: 'science', channel: 'general' };
  expect(await client.must('join_channel', { channel: 'general' })).toMatchObject(place);
  client.end();
});

test('[PRT-3] a first join that is refused is told, and the connection stays', async () => {
  const guest = await bus.connect({ user: 'visitor', role: 'guest' }, 'room=science&channel=general');
  expect(await guest.nextError()).toMatchObject({ error_code: 'AUTHORIZATION_ERROR' });
  expect(await guest.must('ping')).toMatchObject({ pong: true });
  guest.end();
});

test.for([
  ['client_type=root', 'client_type'],
  ['client_type=HUMAN', 'client_type'],
  ['room=..', 'room'],
  ['room=a.b.*.%3E', 'room'],
  ['room=science&channel=%00', 'room'],
  ['room=a:b&channel=c', 'room'],
  ['channel=general', 'room'],
  ['screen_name=%1B[2J', 'screen_name'],
  [`avatar=${'a'.repeat(257)}`, 'avatar'],
] as const)('[PRT-3] %s is a 400 that names the field', async ([query, field]) => {
  const socket = await knock(query);
  expect(socket.status).toBe(400);
  const { error_code: code, details } = JSON.parse(socket.body) as Record<string, unknown>;
  expect([code, details]).toEqual(['VALIDATION_ERROR', { errors: [{ field, problem: expect.any(String) }] }]);
});

test('[PRT-3] a browser sees a bad description as an error frame and 4400', async () => {
  const protocols = ['arqon.v1.json', `bearer.${await bus.token()}`];
  const socket = await connectRaw({ port: bus.port, path: '/v1/socket?client_type=root', protocols });
  const frame = JSON.parse((await socket.nextFrame()).payload.toString()) as object;
  expect(frame).toMatchObject({ error_code: 'VALIDATION_ERROR', payload: { errors: [{ field: 'client_type' }] } });
  expect((await socket.closed()).code).toBe(4400);
});

test('[PRT-3] parameters that nobody knows are ignored', async () => {
  const client = await bus.connect({}, 'utm_source=x&__proto__=1&%E0%A4%A');
  expect(await client.must('ping')).toMatchObject({ pong: true });
  client.end();
});
