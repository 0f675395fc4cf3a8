import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { askAll } from './harness/ask-all.ts';
import type { JsonClient } from './harness/json-client.ts';
import { isCluster } from './harness/mode.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// Settings that are changed while the bus runs (CFG-1), at the admin port of one Shield and in force at all.

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
let bus: Bus;
const clients: JsonClient[] = [];
let tenant = '';
let tenants = 0;

beforeAll(async () => {
  bus = await startBus({ ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN, ARQONBUS_LIMITS_HISTORY_PAGE: '90' });
});

beforeEach(() => {
  tenant = `tenant-${++tenants}`;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  const { settings } = (await ask('')).body as { readonly settings: readonly Entry[] };
  for (const { key, changed_at: changedAt } of settings) if (changedAt !== undefined) await ask(`/${key}`, 'DELETE');
  await vi.waitFor(async () => {
    if (JSON.stringify((await ask('')).body).includes('changed_at')) throw new Error('a setting is still changed');
  });
});

afterAll(() => bus.stop());

interface Entry {
  readonly key: string;
  readonly value: unknown;
  readonly configured: unknown;
  readonly changed_at?: string;
  readonly changed_by?: string;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(path: string, method = 'GET', value?: unknown, token = TOKEN): Promise<Answer> {
  const response = await fetch(`${bus.httpUrl}/settings${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(value === undefined ? {} : { body: JSON.stringify({ value }) }),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

async function set(key: string, value: unknown): Promise<void> {
  expect(await ask(`/${key}`, 'PUT', value)).toMatchObject({ status: 200 });
}

/** A client at the next Shield in turn. */
async function enter(user = 'alice', more = {}): Promise<JsonClient> {
  const client = await bus.connect({ tenant, user, ...more });
  clients.push(client);
  return client;
}

/** A client at each Shield, since a change must be in force at all of them. */
async function enterAll(more = {}): Promise<readonly JsonClient[]> {
  return [await enter('alice', more), await enter('bob', more)];
}

test('[CFG-1] settings of run time are shown, changed and reset with the operator token alone', async () => {
  const key = 'limits.history_page';
  const { body: before } = await ask(`/${key}`);
  expect(before).toMatchObject({ key, value: 90, configured: 90 });
  await set(key, 7);
  await expect.poll(async () => (await ask(`/${key}`)).body).toMatchObject({ value: 7, configured: 90 });
  expect((await ask(`/${key}`)).body).toMatchObject({
    changed_at: expect.stringMatching(/^20/),
    changed_by: expect.stringContaining('127.0.0.1'),
  });
  expect(await ask(`/${key}`, 'DELETE')).toMatchObject({ status: 200, body: { key, reset: true } });
  await expect.poll(async () => (await ask(`/${key}`)).body).toEqual(before);
  const admin = await bus.token({ role: 'admin' });
  for (const token of ['', 'wrong', admin]) {
    expect(await ask(`/${key}`, 'PUT', 1, token)).toMatchObject({ status: 401 });
  }
  expect(await ask('/limits.histroy_page', 'PUT', 1)).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('did you mean limits.history_page?') },
  });
  for (const [wrongKey, value] of [
    [key, 0],
    [key, 'many'],
    [key, { a: 1 }],
    ['server.port', 9_200],
    ['auth.jwt_secret', 'kq3V0cYw8mZr5uT1xB7nE2sL9dF4gH6j'],
  ] as const) {
    expect(await ask(`/${wrongKey}`, 'PUT', value)).toMatchObject({ status: 400 });
  }
  expect((await ask(`/${key}`)).body).toEqual(before);
});

test('[CFG-1] limits.history_page, max_subscriptions and max_targets bind who is connected already', async () => {
  const [alice, bob] = await enterAll();
  if (alice === undefined || bob === undefined) throw new Error('two clients');
  for (const client of [alice, bob]) await client.must('join_channel', { room: 'lab', channel: 'bench' });
  for (let i = 0; i < 4; i += 1) await alice.publish('lab:bench', { i });
  await set('limits.history_page', 2);
  await set('limits.max_subscriptions', 1);
  await set('limits.max_targets', 1);
  for (const client of [alice, bob]) {
    const page = async (): Promise<unknown> =>
      (await client.must('history', { room: 'lab', channel: 'bench', limit: 10 }))['publications'];
    await expect.poll(page).toHaveLength(2);
    const join = async (): Promise<unknown> =>
      (await client.command('join_channel', { room: 'lab', channel: 'second' })).error_code;
    await expect.poll(join).toBe('QUOTA_EXCEEDED');
    client.send({ id: 'arq_private-0001', type: 'private', to: [alice.clientId, bob.clientId], payload: 1, ack: true });
    expect((await client.nextError()).error_code).toBe('VALIDATION_ERROR');
  }
});

test.each([
  [{ 'limits.messages_per_second': 1, 'limits.messages_burst': 1 }, 3, 10],
  [{ 'limits.messages_per_tenant_per_second': 1 }, 3, 10],
  [{ 'limits.bytes_per_second': 1_024 }, 8, 60_000],
  [{ 'limits.bytes_per_tenant_per_second': 1_024 }, 8, 60_000],
])('[CFG-1] %o holds open connections back', async (changes, count, bytes) => {
  const frame = { type: 'event', room: 'lab:bench', payload: 'x'.repeat(bytes), ack: true };
  const everyone = await enterAll();
  for (const client of everyone) {
    await client.must('join_channel', { room: 'lab', channel: 'bench' });
    const [first] = await askAll(client, [frame]);
    expect(first?.status).toBe('success');
  }
  for (const [key, value] of Object.entries(changes)) await set(key, value);
  for (const client of everyone) {
    // Shares of a tenant are given out anew every second.
    const burst = async (): Promise<unknown> =>
      (
        await askAll(
          client,
          Array.from({ length: count }, () => frame),
        )
      ).map((answer) => answer.error_code);
    await expect.poll(burst, { timeout: 5_000, interval: 100 }).toContain('RATE_LIMITED');
  }
});

test('[CFG-1] limits.commands_per_second holds open connections back', async () => {
  const everyone = await enterAll();
  await set('limits.commands_per_second', 1);
  const pings = Array.from({ length: 3 }, () => ({ type: 'command', command: 'ping' }));
  for (const client of everyone) {
    const burst = async (): Promise<unknown> => (await askAll(client, pings)).map((answer) => answer.error_code);
    await expect.poll(burst).toContain('RATE_LIMITED');
  }
});

test.each(['limits.connections_per_user', 'limits.connections_per_tenant', 'limits.connections_per_ip'])(
  '[CFG-1] %s is in force for the next connection',
  async (key) => {
    await enterAll();
    await enter();
    await set(key, 1);
    for (let shield = 0; shield < 2; shield += 1) {
      // Every Shield has a client of this tenant and address, and one of them two of alice.
      const knock = async (): Promise<string> => {
        const refused = await bus.connect({ tenant, user: 'alice' }).then(
          (client) => void clients.push(client),
          (error: unknown) => String(error),
        );
        return refused ?? '';
      };
      await expect.poll(knock, { timeout: 5_000 }).toMatch(/refused: 429/);
    }
  },
);

test('[CFG-1] limits.channels_per_tenant is in force at the Brains', async () => {
  const client = await enter('alice', { role: 'moderator' });
  await client.must('create_channel', { room: 'lab', channel: 'first' });
  await set('limits.channels_per_tenant', 1);
  let number = 0;
  const create = async (): Promise<unknown> =>
    (await client.command('create_channel', { room: `lab-${(number += 1)}`, channel: 'x' })).error_code;
  await expect.poll(create).toBe('QUOTA_EXCEEDED');
  // Rooms are served by both Brains in turn.
  for (let i = 0; i < 8; i += 1) expect(await create()).toBe('QUOTA_EXCEEDED');
});

test.each([
  ['limits.bad_frames_per_minute', 4400],
  ['limits.refusals_per_ten_seconds', 4429],
])('[CFG-1] %s ends connections that are open', async (key, code) => {
  for (const client of await enterAll()) {
    await client.must('join_channel', { room: 'lab', channel: 'bench' });
    await set(key, 1);
    if (code === 4429) await set('limits.commands_per_second', 1);
    const isClosed = async (): Promise<boolean> => {
      for (let i = 0; i < 3; i += 1)
        client.send(code === 4400 ? { type: 'nonsense' } : { type: 'command', command: 'ping' });
      return client.socket.isClosed();
    };
    await expect.poll(isClosed).toBe(true);
    expect((await client.closed()).code).toBe(code);
  }
});

test('[CFG-1] access.default = closed takes rights from who is connected, and gives them back', async () => {
  const clients = await enterAll();
  const join = (client: JsonClient, channel: string): Promise<unknown> =>
    client.command('join_channel', { room: 'lab', channel }).then((answer) => answer.error_code);
  for (const client of clients) expect(await join(client, 'bench')).toBeUndefined();
  await set('access.default', 'closed');
  for (const client of clients) {
    expect((await client.nextSystem('left')).payload).toMatchObject({
      room: 'lab',
      channel: 'bench',
      reason: 'rights',
    });
    expect(await join(client, 'other')).toBe('AUTHORIZATION_ERROR');
    expect(await join(await enter(), 'other')).toBe('AUTHORIZATION_ERROR');
  }
  await ask('/access.default', 'DELETE');
  for (const client of clients) await expect.poll(() => join(client, 'again')).toBeUndefined();
});

test('[CFG-1] private.scope = shared_room counts for the next message', async () => {
  const [alice, bob] = await enterAll();
  if (alice === undefined || bob === undefined) throw new Error('two clients');
  const write = async (from: JsonClient, to: JsonClient): Promise<unknown> =>
    (await from.publish('', 1, { type: 'private', room: undefined, to: [to.clientId] })).error_code;
  expect([await write(alice, bob), await write(bob, alice)]).toEqual([undefined, undefined]);
  await set('private.scope', 'shared_room');
  await expect.poll(() => write(alice, bob)).toBe('TARGET_NOT_FOUND');
  await expect.poll(() => write(bob, alice)).toBe('TARGET_NOT_FOUND');
});

test('[CFG-1] telemetry.log_level changes what every process logs, and changes are logged with their origin', async () => {
  await set('telemetry.log_level', 'error');
  // Every process tells of it once: both Shields and both Brains of a cluster.
  const told = (): number =>
    bus.log().split('"setting_applied","key":"telemetry.log_level","value":"error"').length - 1;
  await expect.poll(told).toBe(isCluster ? 4 : 1);
  await set('limits.max_targets', 3);
  await expect.poll(async () => (await ask('/limits.max_targets')).body).toMatchObject({ value: 3 });
  await ask('/telemetry.log_level', 'DELETE');
  const changeAndRead = async (): Promise<string> => {
    await set('limits.max_targets', 4);
    return bus.log();
  };
  const change = /"setting_changed","key":"limits.max_targets","value":"4","changed_by":"[^"]*127.0.0.1"/;
  await expect.poll(changeAndRead).toMatch(change);
  expect(bus.log()).not.toContain('"limits.max_targets","value":"3"');
  expect(bus.log()).not.toContain(TOKEN);
});

test(
  '[CFG-1] [CLI-1] arqon config set, reset and print --effective talk to the running bus',
  { timeout: 60_000 },
  async () => {
    const env = { ARQONBUS_HTTP_URL: bus.httpUrl, ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN };
    const arqon = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
      const run = runArqon(['config', ...args], env);
      const code = await run.exited;
      return [code, run.stdout() + run.stderr()];
    };
    expect(await arqon('set', 'limits.history_page', '7')).toEqual([0, 'limits.history_page = 7\n']);
    await expect.poll(async () => (await ask('/limits.history_page')).body).toMatchObject({ value: 7 });
    const [, effective] = await arqon('print', '--effective');
    expect(effective).toMatch(/^limits\.history_page = 7 {2}\(run time, 20\S+ by \S*127\.0\.0\.1\)$/m);
    expect(effective).toMatch(/^http\.admin_token = \(set, not shown\) {2}\(environment\)$/m);
    expect(await arqon('set', 'limits.history_page', '0')).toEqual([
      1,
      'arqon: limits.history_page is 0; it must be from 1 to 1000\n',
    ]);
    expect(await arqon('reset', 'limits.history_page')).toEqual([0, 'limits.history_page is as configured again\n']);
    expect(await arqon('reset', 'limits.history_page')).toEqual([0, 'limits.history_page was as configured\n']);
    const [code, text] = await arqon('reset', 'limits.history_page', '--admin-token', 'wrong');
    expect([code, text]).toEqual([1, 'arqon: The token was not accepted.\n']);
  },
);
