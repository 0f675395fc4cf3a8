import type { ArqonClient, ClientOptions, WebSocketConstructor, createClient } from '@arqonbus/sdk';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { oldFile, oldReleases } from '../harness/old-releases.ts';
import { startBus } from '../harness/start-bus.ts';
import type { Bus } from '../harness/start-bus.ts';

let bus: Bus;
const clients: ArqonClient[] = [];

beforeAll(async () => {
  bus = await startBus();
});

afterAll(() => bus.stop());

afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

/** A client made by the SDK of that release. */
async function connect(
  release: string,
  user: string,
  format: NonNullable<ClientOptions['format']>,
): Promise<ArqonClient> {
  const sdk = (await import(oldFile(release, 'sdk.mjs').href)) as { readonly createClient: typeof createClient };
  const webSocket = WebSocket as unknown as WebSocketConstructor;
  const client = sdk.createClient({ url: bus.wsUrl, token: await bus.token({ user }), format, webSocket });
  clients.push(client);
  await client.connect();
  return client;
}

describe.each(oldReleases())('the SDK of %s', (release) => {
  test.each(['json', 'proto'] as const)('[PRD-1] joins, publishes, reads and asks with %s', async (format) => {
    const [alice, bob] = [await connect(release, 'alice', format), await connect(release, 'bob', format)];
    const target = `science:${format}-${release}` as const;
    const chat = await bob.join(target, { presence: true });
    await alice.join(target);
    const position = await alice.publish(target, { text: 'Grüße 🚀', n: 1.5 });
    for await (const publication of chat) {
      expect(publication).toMatchObject({ payload: { text: 'Grüße 🚀', n: 1.5 }, ...position });
      break;
    }
    const later = await alice.join(target, { history: 1 });
    expect(later.joined.position).toMatchObject({ epoch: position.epoch });
    const { publications } = await bob.command('history', { room: target });
    expect(publications).toMatchObject([{ payload: { text: 'Grüße 🚀', n: 1.5 } }]);
    await expect(alice.publish('science:explore', 'not joined')).rejects.toMatchObject({ code: 'NOT_SUBSCRIBED' });
  });

  test.each(['json', 'proto'] as const)('[PRD-1] sends bytes and private messages with %s', async (format) => {
    const [alice, bob] = [await connect(release, 'alice', format), await connect(release, 'bob', format)];
    const heard = new Promise((resolve) => {
      alice.on('private', ({ payload }) => resolve(payload));
    });
    await bob.private('user:alice', new Uint8Array([0, 255, 7]), { contentType: 'application/octet-stream' });
    expect(await heard).toEqual(new Uint8Array([0, 255, 7]));
    await expect(bob.private('c-nobody', 'hello')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });
});
