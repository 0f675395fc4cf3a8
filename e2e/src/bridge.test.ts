import type { TokenOrder } from '@arqonbus/auth';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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
    const ofEpoch = (epoch: unknown): ReturnType<typeof ask> =>
      ask('GET', `/v1/rooms/lab/channels/bench/history?order=newest&limit=2&epoch=${String(epoch)}`);
    expect((await ofEpoch(page['epoch'])).body).toEqual(page);
    expect((await ofEpoch('never-was')).body).toMatchObject({ error_code: 'NOT_FOUND' });
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

describe('keys of servers', () => {
  const withKey = (key: string, method: string, path: string, body?: object): Promise<Answer> =>
    ask(method, path, { headers: { authorization: `Bearer ${key}` }, ...(body === undefined ? {} : { body }) });
  const command = (name: string, args: object, tenant = 'acme'): Promise<Answer> =>
    ask('POST', `/v1/commands/${name}`, { body: args, role: 'admin', tenant });
  const allowed = ['publish', 'join'].map((action) => ({ action, pattern: 'lab:*', effect: 'allow' }));

  test('[BRG-1] do what they may, are rotated, and end at once when they are revoked', async () => {
    const made = (await command('op.key.create', { name: 'billing', permissions: allowed })).body;
    const [keyId, first] = [String(made['key_id']), String(made['key'])];
    expect((await vi.waitFor(() => must(withKey(first, 'POST', '/v1/publish', toBench('by key'))))).status).toBe(200);
    expect(await alice.nextEvent()).toMatchObject({ sender: `key-${keyId}`, payload: 'by key' });
    expect((await withKey(first, 'GET', '/v1/rooms/lab/channels/bench/history')).status).toBe(403);
    const second = String((await command('op.key.rotate', { key_id: keyId, overlap_ms: 60_000 })).body['key']);
    await vi.waitFor(() => must(withKey(second, 'GET', '/v1/status')));
    expect((await withKey(first, 'GET', '/v1/status')).status).toBe(200);
    expect((await command('op.key.revoke', { key_id: keyId }, 'globex')).body).toEqual({ revoked: false });
    expect((await command('op.key.revoke', { key_id: keyId })).body).toEqual({ revoked: true });
    await vi.waitFor(async () => {
      const answers = await Promise.all([first, second].map((key) => withKey(key, 'GET', '/v1/status')));
      expect(answers.map(({ status }) => status)).toEqual([401, 401]);
    });
  });

  test('[BRG-1] [PRD-4] are of their tenant, and are made by its administrators', async () => {
    const made = (await command('op.key.create', { name: 'theirs', role: 'user' }, 'globex')).body;
    await vi.waitFor(() => must(withKey(String(made['key']), 'POST', '/v1/publish', toBench('ours'))));
    expect((await stranger.nextEvent()).payload).toBe('ours');
    const { body } = await command('op.key.list', {});
    expect(JSON.stringify(body)).not.toContain(String(made['key_id']));
    expect((await ask('POST', '/v1/commands/op.key.create', { body: { name: 'mine' } })).status).toBe(403);
  });

  async function must(answer: Promise<Answer>): Promise<Answer> {
    expect((await answer).status).toBe(200);
    return answer;
  }
});

interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Follows a channel; `next` gives the events one after the other, undefined = the stream has ended. */
async function follow(path: string, headers: Readonly<Record<string, string>>) {
  const gone = new AbortController();
  const response = await fetch(`${bus.bridgeUrl}${path}`, { headers, signal: gone.signal });
  let parts: AsyncIterator<string> | undefined;
  let text = '';
  const next = async (): Promise<ServerEvent | undefined> => {
    parts ??= response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    for (;;) {
      const end = text.indexOf('\n\n');
      const block = text.slice(0, Math.max(end, 0));
      if (end >= 0) text = text.slice(end + 2);
      if (block !== '' && !block.startsWith(':')) return parseEvent(block);
      if (end >= 0) continue;
      const part = await parts?.next();
      if (part === undefined || part.done === true) return undefined;
      text += part.value;
    }
  };
  return { status: response.status, next, body: () => response.json(), end: () => gone.abort() };
}

function parseEvent(block: string): ServerEvent {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  const data = JSON.parse(fields.get('data') ?? '{}') as ServerEvent['data'];
  return { id: fields.get('id') ?? '', event: fields.get('event') ?? '', data };
}

describe('following a channel by HTTP', () => {
  const path = '/v1/rooms/lab/channels/stream/events';
  const toStream = (payload: unknown): Promise<Answer> => publish({ room: 'lab', channel: 'stream', payload });
  const bearer = async (order: Partial<TokenOrder> = {}): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await bus.token({ user: 'backend', ...order })}`,
  });

  test('[BRG-1] [LOG-9] gives what is published from now on, and after a break what was missed, once and in order', async () => {
    await toStream('before');
    const first = await follow(path, await bearer());
    await toStream(1);
    const seen = await first.next();
    expect(seen).toMatchObject({ event: 'publication', data: { payload: 1, sender: 'bridge' } });
    first.end();
    await publish('{"room":"lab","channel":"stream","payload":{"big":12345678901234567890}}');
    await toStream(3);
    const again = await follow(path, { ...(await bearer()), 'last-event-id': seen?.id ?? '' });
    const [second, third] = [await again.next(), await again.next()];
    expect([second?.data['prev_seq'], third?.data['payload']]).toEqual([seen?.data['seq'], 3]);
    await toStream(4);
    expect((await again.next())?.data['payload']).toBe(4);
    again.end();
  });

  test('[BRG-1] [LOG-4] says so where the position is of another epoch', async () => {
    const stream = await follow(path, { ...(await bearer()), 'last-event-id': 'another:7' });
    expect(await stream.next()).toMatchObject({ event: 'discontinuity', data: { reason: 'epoch_changed' } });
    await toStream('after');
    expect((await stream.next())?.data['payload']).toBe('after');
    stream.end();
  });

  test('[BRG-1] [PRM-5] is refused without the right, in another tenant sees nothing, and ends with its key', async () => {
    const refused = await follow(path, await bearer({ role: 'guest' }));
    expect([refused.status, await refused.body()]).toMatchObject([403, { error_code: 'AUTHORIZATION_ERROR' }]);
    const malformed = await follow(path, { ...(await bearer()), 'last-event-id': 'x' });
    expect([malformed.status, await malformed.body()]).toMatchObject([400, { error_code: 'VALIDATION_ERROR' }]);
    const theirs = await follow(path, await bearer({ tenant: 'globex' }));
    await toStream('ours');
    await publish({ room: 'lab', channel: 'stream', payload: 'theirs' }, { tenant: 'globex' });
    expect((await theirs.next())?.data['payload']).toBe('theirs');
    theirs.end();
    const admin = { role: 'admin' } as const;
    const { body: made } = await ask('POST', '/v1/commands/op.key.create', {
      ...admin,
      body: { name: 's', role: 'user' },
    });
    const key = { authorization: `Bearer ${String(made['key'])}` };
    const stream = await vi.waitFor(async () => {
      const opened = await follow(path, key);
      expect(opened.status).toBe(200);
      return opened;
    });
    await ask('POST', '/v1/commands/op.key.revoke', { ...admin, body: { key_id: made['key_id'] } });
    expect(await stream.next()).toMatchObject({ event: 'error', data: { error_code: 'AUTHENTICATION_FAILED' } });
    expect(await stream.next()).toBeUndefined();
  });
});
