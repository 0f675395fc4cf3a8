import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, ClientOptions, WebSocketConstructor } from '@arqonbus/sdk';
import { freePort, waitUntil } from '@arqonbus/testkit';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// The SDK on the real bus. What it does to a scripted or hostile server is tested beside it.
const clients: ArqonClient[] = [];
let bus: Bus;
/** Each test is alone in its own. */
let tenant: string;
let tenants = 0;

beforeEach(() => {
  tenants += 1;
  tenant = `tenant-${tenants}`;
});

afterEach(() => endClients());

async function endClients(): Promise<void> {
  await Promise.all(clients.splice(0).map((client) => client.close()));
}

async function connect(
  user: string,
  format: 'json' | 'proto',
  options: Partial<ClientOptions> = {},
): Promise<ArqonClient> {
  const webSocket = WebSocket as unknown as WebSocketConstructor;
  const client = createClient({
    url: bus.wsUrl,
    token: await bus.token({ user, tenant }),
    format,
    webSocket,
    ...options,
  });
  clients.push(client);
  await client.connect();
  return client;
}

describe('on one bus', () => {
  beforeAll(async () => {
    bus = await startBus();
  });
  afterAll(() => bus.stop());

  test.each([
    ['json', 'json'],
    ['json', 'proto'],
    ['proto', 'json'],
  ] as const)('[PRT-11] [PRT-14] an SDK client with %s talks to one with %s', async (one, other) => {
    const [alice, bob] = await Promise.all([connect('alice', one), connect('bob', other)]);
    const chat = await bob.join('science:general');
    await alice.join('science:general');
    const { id } = await alice.publish('science:general', { text: 'Grüße 🚀', n: 1.5 });
    for await (const publication of chat) {
      expect(publication).toMatchObject({ payload: { text: 'Grüße 🚀', n: 1.5 }, id, channel: 'general' });
      break;
    }
    const heard = new Promise((resolve) => {
      alice.on('private', ({ payload }) => resolve(payload));
    });
    await bob.private('user:alice', new Uint8Array([0, 255, 7]), { contentType: 'application/octet-stream' });
    expect(await heard).toEqual(new Uint8Array([0, 255, 7]));
    const { participants } = await alice.command('channel_info', { room: 'science', channel: 'general' });
    expect(participants.map(({ user }) => user).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['alice', 'bob']);
    await expect(alice.publish('science:explore', 'not joined')).rejects.toMatchObject({ code: 'NOT_SUBSCRIBED' });
    await expect(bob.private('nobody_here', 'hello')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });

  test('[PRT-14] [LOG-3] an SDK client hears the position of what it published, and who receives it too', async () => {
    const [alice, bob] = await Promise.all([connect('alice', 'json'), connect('bob', 'proto')]);
    const chat = await bob.join('science:general');
    await alice.join('science:general');
    const position = await alice.publish('science:general', 'first');
    expect(position).toMatchObject({ seq: expect.any(Number), epoch: expect.any(String) });
    for await (const publication of chat) {
      expect(publication).toMatchObject({ ...position, payload: 'first' });
      break;
    }
  });

  test('[PRT-2] a bad token stops the client with its code', async () => {
    await expect(connect('alice', 'json', { token: 'junk' })).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  test('[STO-1] [PRD-4] the store of an SDK client: compare and set, lists, and a watch that goes on after a lost connection', async () => {
    const sockets: WebSocket[] = [];
    class Kept extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const [alice, bob] = [
      await connect('alice', 'json'),
      await connect('bob', 'proto', { webSocket: Kept as unknown as WebSocketConstructor }),
    ];
    const watch = await bob.store.watch({ prefix: 'cart/' });
    const changes = watch[Symbol.asyncIterator]();
    const first = await alice.store.set('cart/1', { items: ['ä'] }, { ifVersion: 0 });
    await expect(bob.store.set('cart/1', null, { ifVersion: 0 })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { version: first },
    });
    const items = { items: ['ä'] };
    expect((await changes.next()).value).toEqual({ kind: 'set', key: 'cart/1', version: first, value: items });
    const lost = new Promise((resolve) => bob.on('close', resolve));
    sockets[0]?.terminate();
    await lost;
    await alice.store.set('cart/2', 2);
    await alice.store.set('carts', 3);
    expect(await alice.store.delete('cart/1')).toBe(true);
    expect((await changes.next()).value).toMatchObject({ kind: 'set', key: 'cart/2', value: 2 });
    expect((await changes.next()).value).toMatchObject({ kind: 'deleted', key: 'cart/1' });
    const keys: string[] = [];
    for await (const { key } of bob.store.list('cart')) keys.push(key);
    expect(keys).toEqual(['cart/2', 'carts']);
    tenant = `${tenant}-other`;
    expect(await (await connect('carol', 'json')).store.get('cart/2')).toBeUndefined();
  });
});

/** A cluster is started twice. */
const RESTARTS = { timeout: 40_000 };

/** Connects a client in a channel, kills the bus and starts another in its place; gives what the client says then. */
async function outliveTheBus(): Promise<{ readonly alice: ArqonClient; readonly rejoined: readonly unknown[] }> {
  const secret = { ARQONBUS_AUTH_JWT_SECRET: 'f3a1c0d9e8b7a6958473625140392817' };
  const port = await freePort();
  bus = await startBus(secret, port);
  const alice = await connect('alice', 'json');
  await alice.join('science:general');
  const rejoined: unknown[] = [];
  alice.on('rejoined', (event) => rejoined.push(event));
  bus.signal('SIGKILL');
  await bus.exited;
  bus = await startBus(secret, port);
  await waitUntil(() => rejoined.length > 0, { timeoutMs: 15_000, what: 'the client to be back' });
  return { alice, rejoined };
}

describe('on a bus that goes away', () => {
  afterEach(async () => {
    await endClients();
    await bus.stop();
  });

  test(
    '[DPL-3] [PRD-3] a client whose bus goes away comes back to the next one, and says that it missed something',
    RESTARTS,
    async () => {
      const { alice, rejoined } = await outliveTheBus();
      expect(rejoined).toMatchObject([
        { room: 'science', channel: 'general', recovered: false, reason: 'epoch_changed' },
      ]);
      expect(await alice.publish('science:general', 'back')).toMatchObject({ id: expect.any(String) });
    },
  );

  test(
    '[PRD-3] [LOG-9] after its bus went away a client counts from the beginning of the new log',
    RESTARTS,
    async () => {
      const { alice, rejoined } = await outliveTheBus();
      expect(rejoined).toMatchObject([{ recovered: false, position: { epoch: expect.any(String), seq: 0 } }]);
      expect(await alice.publish('science:general', 'back')).toMatchObject({ seq: 1 });
    },
  );
});
