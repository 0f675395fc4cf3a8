import type { TokenOrder } from '@arqonbus/auth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonClient } from './harness/json-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Servers that speak HTTP, beside clients that hold sockets.

let bus: Bus;
let alice: JsonClient;
let stranger: JsonClient;

beforeAll(async () => {
  bus = await startBus(roomyLimits, 0, 1);
  alice = await bus.connect();
  stranger = await bus.connect({ tenant: 'globex' });
  for (const client of [alice, stranger]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
});

afterAll(async () => {
  alice.end();
  stranger.end();
  await bus.stop();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Ask extends Partial<TokenOrder> {
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(method: string, path: string, { body, headers = {}, ...order }: Ask = {}): Promise<Answer> {
  const token = await bus.token({ user: 'backend', ...order });
  const response = await fetch(`${bus.bridgeUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

const publish = (body: string | object, more: Ask = {}): Promise<Answer> =>
  ask('POST', '/v1/publish', { ...more, body });
const toBench = (payload: unknown): object => ({ room: 'lab', channel: 'bench', payload });

describe('publishing by HTTP', () => {
  test('[BRG-1] [ARC-4] [SAF-3] reaches subscribers of the channel in the own tenant, wherever they are', async () => {
    const { status, body } = await publish(toBench({ text: 'from a server' }));
    const event = await alice.nextEvent();
    expect([status, event.sender, event.payload]).toEqual([200, 'bridge', { text: 'from a server' }]);
    expect(body).toEqual({ id: event.id, seq: event['seq'], epoch: event['epoch'] });
    await publish(toBench('for the others'), { tenant: 'globex' });
    expect((await stranger.nextEvent()).payload).toBe('for the others');
  });

  test('[BRG-1] [LOG-5] with a key publishes once, however often it is sent', async () => {
    const key = { headers: { 'idempotency-key': 'order-4711' } };
    const [first, again] = [await publish(toBench('once'), key), await publish(toBench('once'), key)];
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const other = await publish(toBench('twice'), { ...key, user: 'another' });
    expect(other.body['id']).not.toBe(first.body['id']);
    expect([(await alice.nextEvent()).payload, (await alice.nextEvent()).payload]).toEqual(['once', 'twice']);
  });

  test('[BRG-1] of several keeps their order, and tells of each', async () => {
    const numbers =
      '[{"room":"lab:bench","payload":12345678901234567890},{"room":"la b"},{"room":"lab:bench","payload":2}]';
    const { body } = await ask('POST', '/v1/publish/batch', { body: numbers });
    expect(body).toMatchObject({ results: [{ seq: expect.any(Number) }, { error_code: 'VALIDATION_ERROR' }, {}] });
    await alice.nextEvent();
    expect((await alice.nextEvent()).payload).toBe(2);
    const { body: page } = await ask('GET', '/v1/rooms/lab/channels/bench/history?order=newest&limit=2');
    expect(page['publications']).toMatchObject([{ payload: 2 }, {}]);
  });

  test('[BRG-1] [PRT-17] [PRT-18] reaches users by name, rooms, and the whole tenant with the right', async () => {
    await ask('POST', '/v1/private', { body: { to: ['user:alice'], payload: 'psst' } });
    expect((await alice.next(({ type }) => type === 'private')).payload).toBe('psst');
    await ask('POST', '/v1/broadcast', { body: { room: 'lab', payload: 'all of the room' } });
    expect(await alice.nextEvent()).toMatchObject({ channel: '*', payload: 'all of the room' });
    const tenantWide = { body: { payload: { text: 'maintenance' } } };
    expect((await ask('POST', '/v1/broadcast', tenantWide)).status).toBe(403);
    expect((await ask('POST', '/v1/broadcast', { ...tenantWide, role: 'admin' })).status).toBe(200);
    expect((await alice.nextSystem('broadcast')).payload).toMatchObject({ payload: { text: 'maintenance' } });
    await ask('POST', '/v1/broadcast', { body: { payload: 'yours' }, tenant: 'globex', role: 'admin' });
    expect((await stranger.nextSystem('broadcast')).payload).toMatchObject({ payload: 'yours' });
  });
});

describe('asking by HTTP', () => {
  test('[BRG-1] shows rooms, channels and who is there', async () => {
    const created = await ask('POST', '/v1/rooms/depot/channels', { body: { channel: 'in' }, role: 'moderator' });
    expect(created).toMatchObject({ status: 200, body: { room: 'depot', channel: 'in', created_by: 'backend' } });
    expect(await ask('GET', '/v1/rooms/depot/channels')).toMatchObject({ body: { channels: [{ channel: 'in' }] } });
    expect((await ask('DELETE', '/v1/rooms/depot/channels/in', { role: 'moderator' })).status).toBe(200);
    expect(await ask('GET', '/v1/rooms/lab/channels/bench/presence')).toMatchObject({
      body: { members: [{ user: 'alice' }], total: 1 },
    });
  });

  test('[BRG-1] [PRM-3] [AUT-5] grants, disconnects and bans, as an administrator may', async () => {
    const mallory = await bus.connect({ user: 'mallory' });
    const grant = { subject: 'user:mallory', action: 'join', pattern: 'lab:*', effect: 'deny' };
    expect((await ask('POST', '/v1/grants', { body: grant })).status).toBe(403);
    const { body } = await ask('POST', '/v1/grants', { body: grant, role: 'admin' });
    expect((await ask('DELETE', `/v1/grants/${String(body['grant_id'])}`, { role: 'admin' })).body).toEqual({
      deleted: true,
    });
    const order = { user: 'mallory', ban_for_ms: 60_000 };
    expect((await ask('POST', '/v1/disconnect', { body: order, role: 'admin' })).body).toEqual({ disconnected: 1 });
    expect((await mallory.closed()).code).toBe(4403);
    const banned = await publish(toBench('still here'), { user: 'mallory' });
    expect([banned.status, banned.body['error_code']]).toEqual([403, 'BANNED']);
  });

  test('[BRG-1] runs commands by name, those that need no connection', async () => {
    expect((await ask('POST', '/v1/commands/ping')).body).toMatchObject({ pong: true });
    const joined = await ask('POST', '/v1/commands/join_channel', { body: { room: 'lab', channel: 'bench' } });
    expect([joined.status, joined.body['error_code']]).toEqual([403, 'FEATURE_DISABLED']);
  });

  test('[BRG-1] refuses with the status of the one table, and says when to come again', async () => {
    const refusals = await Promise.all([
      publish('{"room":'),
      publish({ room: 'lab', type: 'system' }),
      publish({ room: 'lab', channel: 'bench', payload: 'x'.repeat(70_000) }),
      publish(toBench(1), { role: 'guest' }),
      ask('GET', '/v1/nowhere'),
      ask('GET', '/v1/rooms', { headers: { authorization: 'Bearer nonsense' } }),
      ask('GET', '/v1/rooms', { headers: { authorization: '' } }),
    ]);
    expect(refusals.map((answer) => [answer.status, answer.body['error_code']])).toEqual([
      [400, 'VALIDATION_ERROR'],
      [400, 'VALIDATION_ERROR'],
      [413, 'PAYLOAD_TOO_LARGE'],
      [403, 'AUTHORIZATION_ERROR'],
      [404, 'NOT_FOUND'],
      [401, 'AUTHENTICATION_FAILED'],
      [401, 'AUTHENTICATION_FAILED'],
    ]);
    expect(refusals.at(-1)?.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('[BRG-1] describes itself in OpenAPI', async () => {
    const response = await fetch(`${bus.bridgeUrl}/v1/openapi.json`);
    const { openapi, paths } = (await response.json()) as { openapi: string; paths: Record<string, object> };
    expect([openapi, Object.keys(paths)]).toEqual(['3.1.0', expect.arrayContaining(['/v1/publish', '/v1/grants'])]);
  });
});
