import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeOrder, encodeOrder, orderDescriptors } from '@arqonbus/schema/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import type { JsonClient } from './harness/json-client.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Channels that hold their payloads to a schema (05, "Schema governance").
const chat = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: {
    text: { type: 'string', maxLength: 200 },
    items: { type: 'array', items: { type: 'object', properties: { price: { type: 'number' } } } },
  },
};
const OPERATOR = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
const SCHEMA_ID = 'chat.message.v1';
const good = { text: 'Grüße aus dem Labor', items: [{ price: 1.5 }] };
const bad = { text: 'hello', items: [{ price: 1 }, { price: 'hunter2-is-no-price' }] };

let bus: Bus;
const tenants = freshTenants(() => bus);
const { enter } = tenants;
let sent = 0;

beforeAll(
  async () =>
    void (bus = await startBus({ ARQONBUS_TELEMETRY_LOG_LEVEL: 'debug', ARQONBUS_HTTP_ADMIN_TOKEN: OPERATOR })),
);
afterAll(() => bus.stop());
/** An administrator, one who writes and one who reads: in a cluster at two Shields. */
async function enterLab(order = {}): Promise<readonly [JsonClient, JsonClient, JsonClient]> {
  const admin = await enter({ user: 'root', role: 'admin', ...order });
  const pair = [await enter({ user: 'alice', ...order }), await enter({ user: 'bob', ...order })] as const;
  for (const client of [admin, ...pair]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  return [admin, ...pair];
}

async function bind(admin: JsonClient, mode: string, pattern = 'lab:bench'): Promise<void> {
  await admin.must('op.schema.register', { schema_id: SCHEMA_ID, kind: 'json', schema: chat });
  await admin.must('op.schema.bind', { schema_id: SCHEMA_ID, pattern, mode });
}

/** Until every Shield says so: no message goes by. */
async function untilRefused(client: JsonClient): Promise<void> {
  await expect.poll(async () => (await client.publish('lab:bench', bad)).error_code).toBe('SCHEMA_VIOLATION');
}

describe('a channel with a schema', () => {
  it('[SCH-1] [SCH-2] [SAF-2] refuses what does not fit, with the path and nothing of the payload, at every Shield within a second', async () => {
    const [admin, alice, bob] = await enterLab();
    await admin.must('join_channel', { room: 'integriguard', channel: 'telemetry-stream' });
    await bind(admin, 'enforce');
    const boundAt = performance.now();
    await Promise.all([alice, bob].map(untilRefused));
    expect(performance.now() - boundAt).toBeLessThan(1_000);
    const reply = await alice.publish('lab:bench', bad);
    expect(reply).toMatchObject({
      type: 'error',
      error_code: 'SCHEMA_VIOLATION',
      payload: {
        reason: 'schema_mismatch',
        schema_id: SCHEMA_ID,
        version: 1,
        violations: [{ path: 'items[1].price', message: 'must be number' }],
      },
    });
    const told = await admin.next(({ payload }) => payload['eventType'] === 'schema_violation');
    expect(told.payload).toMatchObject({ schema_id: SCHEMA_ID, mode: 'enforce', room: 'lab', channel: 'bench' });
    const { publications } = await bob.must('history', { room: 'lab', channel: 'bench' });
    expect(await alice.publish('lab:bench', good)).toMatchObject({ status: 'success' });
    expect((await bob.nextEvent()).payload).toEqual(good);
    const seen = JSON.stringify([reply, told, publications]) + bus.log() + (await bus.scrapes()).join('');
    expect(seen).not.toContain('hunter2');
    expect(await bus.metric('arqonbus_schema_violations_total{outcome="refused"}')).toBeGreaterThan(0);
  });

  it('[SCH-2] lets through what does not fit and tells its sender, where the mode is warn', async () => {
    const [admin, alice, bob] = await enterLab();
    await bind(admin, 'warn');
    for (const client of [alice, bob]) {
      for (let isWarned = false; !isWarned;) {
        const id = `arq_warned-${++sent}`;
        client.send({ type: 'event', id, room: 'lab', channel: 'bench', payload: bad });
        client.send({ type: 'command', id: `arq_after-${sent}`, command: 'ping' });
        const next = await client.next(({ payload, request_id: answered }) => {
          return payload['event'] === 'schema_warning' || answered === `arq_after-${sent}`;
        });
        isWarned = next.payload['event'] === 'schema_warning';
        if (!isWarned) continue;
        expect(next.payload).toMatchObject({
          message_id: id,
          schema_id: SCHEMA_ID,
          violations: [{ path: 'items[1].price', message: 'must be number' }],
        });
      }
    }
    expect(await alice.publish('lab:bench', bad)).toMatchObject({ status: 'success' });
    expect((await bob.next(({ type, sender }) => type === 'event' && sender === alice.clientId)).payload).toEqual(bad);
    expect(await bus.metric('arqonbus_schema_violations_total{outcome="warned"}')).toBeGreaterThan(0);
  });

  it('[SCH-2] [SAF-3] is one that the pattern covers: whole rooms, private messages and telemetry too, and commands are none', async () => {
    const [admin, alice, bob] = await enterLab();
    await bind(admin, 'enforce', 'lab:*');
    await admin.must('op.schema.bind', { schema_id: SCHEMA_ID, pattern: 'lab:scratch', mode: 'off' });
    await untilRefused(alice);
    await alice.must('join_channel', { room: 'lab', channel: 'scratch' });
    expect(await alice.publish('lab:scratch', bad)).toMatchObject({ status: 'success' });
    expect(await alice.publish('lab:*', bad)).toMatchObject({ error_code: 'SCHEMA_VIOLATION' });
    const whisper = { to: [bob.clientId] };
    expect(await alice.publish('lab:pm', bad, whisper)).toMatchObject({ error_code: 'SCHEMA_VIOLATION' });
    expect(await alice.publish('lab:pm', good, whisper)).toMatchObject({ status: 'success' });
    expect(await alice.command('set_status', { status: 'busy' })).toMatchObject({ status: 'success' });
    expect(await alice.publish('lab:bench', good, { schema: 'chat.reaction.v1' })).toMatchObject({
      payload: { violations: [{ path: 'schema', message: `must be ${SCHEMA_ID}, or not be named` }] },
    });
    expect(await alice.publish('lab:bench', undefined)).toMatchObject({
      payload: { violations: [{ path: '', message: 'is missing' }] },
    });
  });

  it('[SCH-1] [AUT-4] is one in its own tenant alone', async () => {
    const [admin, alice] = await enterLab();
    await bind(admin, 'enforce');
    await untilRefused(alice);
    const [stranger, carol] = await enterLab({ tenant: `${tenants.tenant}-other` });
    expect(await carol.publish('lab:bench', bad)).toMatchObject({ status: 'success' });
    expect(await stranger.must('op.schema.list')).toEqual({ items: [], bindings: [] });
    const get = await stranger.command('op.schema.get', { schema_id: SCHEMA_ID });
    expect(get).toMatchObject({ error_code: 'NOT_FOUND' });
    const foreign = await stranger.command('op.schema.bind', { schema_id: SCHEMA_ID, pattern: '*', mode: 'off' });
    expect(foreign).toMatchObject({ error_code: 'NOT_FOUND' });
    expect(await stranger.must('op.schema.delete', { schema_id: SCHEMA_ID })).toEqual({ deleted: false });
  });
});

describe('a channel with a Protobuf schema', () => {
  const protobuf = { content_type: 'application/x-protobuf' };
  const base64 = (json: Parameters<typeof encodeOrder>[0]): string => Buffer.from(encodeOrder(json)).toString('base64');

  it('[SCH-2] [SAF-6] takes bytes and JSON, refuses what is neither, and redacts in the bytes', async () => {
    const [admin, alice, bob] = await enterLab();
    const descriptor = gzipSync(orderDescriptors).toString('base64');
    const order = { schema_id: 'order.v1', kind: 'protobuf', message: 'shop.v1.Order', descriptor };
    await admin.must('op.schema.register', order);
    await admin.must('op.schema.bind', { schema_id: 'order.v1', pattern: 'lab:bench', mode: 'enforce' });
    await Promise.all([alice, bob].map(untilRefused));
    expect(await alice.publish('lab:bench', base64({ id: 'DE-17' }), protobuf)).toMatchObject({ status: 'success' });
    const event = await bob.nextEvent();
    expect(event).toMatchObject({ payload: base64({ id: 'DE-17' }), content_type: 'application/x-protobuf' });
    expect(await alice.publish('lab:bench', { id: 'DE-18', items: [{ price: 2 }] })).toMatchObject({
      status: 'success',
    });
    expect((await bob.nextEvent()).payload).toEqual({ id: 'DE-18', items: [{ price: 2 }] });
    for (const [payload, more, violation] of [
      [{ items: [{}, { price: 'x' }] }, {}, { path: 'items[1].price', message: 'must be a value of type double' }],
      ['Cg==', protobuf, { path: '', message: 'is cut short, or is no Protobuf' }],
      ['IAk=', protobuf, { path: 'state', message: 'is no value of its enum' }],
      ['text', { content_type: 'text/plain' }, { path: '', message: 'must be Protobuf or JSON, by its content type' }],
    ] as const) {
      expect(await alice.publish('lab:bench', payload, more)).toMatchObject({
        error_code: 'SCHEMA_VIOLATION',
        payload: { violations: [violation] },
      });
    }
    await admin.must('op.casil.reload', { enabled: true, mode: 'enforce' });
    const card = base64({ id: 'DE-19', card: '4111 1111 1111 1111' });
    let seen: unknown;
    await expect
      .poll(async () => {
        await alice.publish('lab:bench', card, protobuf);
        const event = await bob.nextEvent();
        return (seen = decodeOrder(Buffer.from(event.payload as unknown as string, 'base64')));
      })
      .toEqual({ id: 'DE-19', card: '***REDACTED***' });
    const { publications } = await bob.must('history', { room: 'lab', channel: 'bench', limit: 1 });
    expect(JSON.stringify([seen, publications])).not.toContain('4111');
  });
});

describe('the registry', () => {
  it('[SCH-1] [SCH-5] [CLI-1] is filled, tried and shown from the shell, and by the operator for all tenants', async () => {
    const token = await bus.token({ tenant: tenants.tenant, user: 'root', role: 'admin' });
    const folder = mkdtempSync(join(tmpdir(), 'arqonbus-schemas-'));
    const run = async (...args: readonly string[]): Promise<string> => {
      const arqon = runArqon(['schema', ...args, '--ws-url', bus.wsUrl, '--jwt', token]);
      const code = await arqon.exited;
      return `${code} ${arqon.stdout()}${arqon.stderr()}`;
    };
    try {
      const [file, other] = [join(folder, 'chat.json'), join(folder, 'narrow.json')];
      writeFileSync(file, JSON.stringify(chat));
      writeFileSync(other, JSON.stringify({ ...chat, required: ['text', 'items'] }));
      expect(await run('register', SCHEMA_ID, file)).toMatch(/^0 chat.message.v1 is at version 1 \(sha256:/);
      expect(await run('register', SCHEMA_ID, other)).toMatch(
        /^1 arqon: the version breaks[^]+items: the new version requires it/,
      );
      expect(await run('bind', SCHEMA_ID, 'lab:*', 'warn')).toContain('lab:* -> chat.message.v1 (warn)');
      expect(await run('list')).toMatch(/chat.message.v1 {2}version 1 {2}json\nlab:\* -> chat.message.v1/);
      const share = ['schema', 'share', 'shared.v1', file, '--http-url', bus.httpUrl, '--admin-token', OPERATOR];
      expect(await runArqon(share).exited).toBe(0);
      const admin = await enter({ user: 'root', role: 'admin' });
      expect(await admin.must('op.schema.get', { schema_id: 'shared.v1' })).toMatchObject({
        shared: true,
        created_by: 'operator',
        schema: chat,
      });
      const theirs = { schema_id: 'shared.v1', kind: 'json', schema: {} };
      expect(await admin.command('op.schema.register', theirs)).toMatchObject({ error_code: 'CONFLICT' });
      await admin.must('op.schema.bind', { schema_id: 'shared.v1', pattern: 'lab:*', mode: 'enforce' });
      await admin.must('join_channel', { room: 'lab', channel: 'bench' });
      await untilRefused(admin);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('[SCH-3] [SCH-5] refuses a version that breaks, with what it breaks, and takes one that does not', async () => {
    const admin = await enter({ user: 'root', role: 'admin' });
    const register = (schema: object, more = {}): ReturnType<JsonClient['command']> =>
      admin.command('op.schema.register', { schema_id: SCHEMA_ID, kind: 'json', schema, ...more });
    const first = await register(chat);
    expect(first.payload).toMatchObject({
      schema_id: SCHEMA_ID,
      version: 1,
      digest: expect.stringMatching(/^sha256:/),
    });
    expect((await register(chat)).payload).toEqual(first.payload);
    const narrow = {
      ...chat,
      required: ['text', 'items'],
      properties: { ...chat.properties, text: { type: 'integer' } },
    };
    const breaks = [
      { path: 'items', change: 'the new version requires it' },
      { path: 'text', change: 'the new version does not allow string' },
    ];
    expect(await register(narrow)).toMatchObject({ error_code: 'CONFLICT', payload: { breaks } });
    const check = { schema_id: SCHEMA_ID, kind: 'json', schema: narrow, payload: bad };
    expect(await admin.must('op.schema.check', check)).toMatchObject({
      breaks,
      violations: [
        { path: 'text', message: 'must be integer' },
        { path: 'items[1].price', message: 'must be number' },
      ],
    });
    const wide = { ...chat, properties: { ...chat.properties, lang: { type: 'string' } } };
    expect((await register(wide)).payload).toMatchObject({ version: 2 });
    expect((await register(narrow, { compatibility: 'none' })).payload).toMatchObject({ version: 3 });
    expect(await register(chat)).toMatchObject({ error_code: 'CONFLICT' });
    const shown = await admin.must('op.schema.get', { schema_id: SCHEMA_ID, version: 1 });
    expect(shown).toMatchObject({ version: 1, versions: [1, 2, 3], compatibility: 'backward', shared: false });
    expect(shown['schema']).toEqual(chat);
  });

  it('[SCH-5] [AUD-1] keeps what is bound, lists, unbinds and deletes, and the trail has it', async () => {
    const [admin, alice] = await enterLab();
    await bind(admin, 'enforce');
    const gone = await admin.command('op.schema.delete', { schema_id: SCHEMA_ID });
    expect(gone).toMatchObject({ error_code: 'CONFLICT' });
    expect(await admin.must('op.schema.list')).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ schema_id: SCHEMA_ID, kind: 'json', version: 1, created_by: 'root' }),
      ]),
      bindings: [{ pattern: 'lab:bench', schema_id: SCHEMA_ID, mode: 'enforce' }],
    });
    await untilRefused(alice);
    expect(await admin.must('op.schema.unbind', { pattern: 'lab:bench' })).toEqual({ unbound: true });
    await expect.poll(async () => (await alice.publish('lab:bench', bad)).status).toBe('success');
    expect(await admin.must('op.schema.delete', { schema_id: SCHEMA_ID })).toEqual({ deleted: true });
    const { items } = await admin.must('op.audit.list', { limit: 100 });
    const actions = (items as readonly Record<string, unknown>[]).filter(({ phase }) => phase === 'done');
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['op.schema.register', 'op.schema.bind', 'op.schema.unbind', 'op.schema.delete']),
    );
  });
});
