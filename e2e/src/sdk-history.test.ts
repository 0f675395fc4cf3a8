import { createHash } from 'node:crypto';
import { createClient } from '@arqonbus/sdk';
import type { ArqonClient, ClientEvents, Publication } from '@arqonbus/sdk';
import { startChaosProxy, waitUntil } from '@arqonbus/testkit';
import type { ChaosProxy } from '@arqonbus/testkit';
import { createEnvelope, replayDigestBytes } from '@arqonbus/protocol';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { upTo } from './harness/numbered-events.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// What the SDK makes of the log, on the real bus.
const clients: ArqonClient[] = [];
const proxies: ChaosProxy[] = [];
let bus: Bus;

beforeAll(async () => {
  bus = await startBus(roomyLimits);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

afterAll(() => bus.stop());

async function connect(user: string, format: 'json' | 'proto' = 'json', port: number = bus.port): Promise<ArqonClient> {
  const url = `ws://127.0.0.1:${port}/v1/socket`;
  const client = createClient({ url, token: () => bus.token({ user }), webSocket: WebSocket, format });
  clients.push(client);
  await client.connect();
  return client;
}

async function collect(publications: AsyncIterable<Publication>): Promise<Publication[]> {
  const all: Publication[] = [];
  for await (const publication of publications) all.push(publication);
  return all;
}

function record<N extends keyof ClientEvents>(client: ArqonClient, name: N): ClientEvents[N][] {
  const events: ClientEvents[N][] = [];
  client.on(name, (event) => void events.push(event));
  return events;
}

const payloads = (publications: readonly Publication[]): unknown[] => publications.map(({ payload }) => payload);

test('[LOG-19] history is read page by page, of a channel and of a room', async () => {
  const alice = await connect('alice', 'proto');
  const general = await alice.join('paged:general');
  await alice.join('paged:side');
  for (const n of upTo(25)) await alice.publish(n % 5 === 0 ? 'paged:side' : 'paged:general', n);
  const inGeneral = upTo(25).filter((n) => n % 5 !== 0);
  expect(payloads(await collect(general.history({ pageSize: 7 })))).toEqual(inGeneral);
  expect(payloads(await collect(general.history({ pageSize: 7, order: 'newest' })))).toEqual(inGeneral.toReversed());
  const bob = await connect('bob');
  const ofRoom = await collect(bob.history({ room: 'paged' }, { pageSize: 4 }));
  expect(payloads(ofRoom).toSorted((one, other) => Number(one) - Number(other))).toEqual(upTo(25));
  // Two that came within one millisecond are in the order of their channels.
  const places = ofRoom.map(({ timestamp, channel, seq = 0 }) => [+timestamp, channel, seq] as const);
  const inOrder = places.toSorted(
    ([oneMs, one, oneSeq], [otherMs, other, otherSeq]) =>
      oneMs - otherMs || (one < other ? -1 : Number(one > other)) || oneSeq - otherSeq,
  );
  expect(places).toEqual(inOrder);
  const first = await general.history()[Symbol.asyncIterator]().next();
  expect(first.value).toMatchObject({ payload: 1, channel: 'general', seq: expect.any(Number) });
});

test.each(['json', 'proto'] as const)('[LOG-14] a replay is read to its end, with its hash (%s)', async (format) => {
  const alice = await connect('alice', format);
  const channel = await alice.join(`replayed:${format}`);
  const clock = { alice: 1 };
  for (const n of upTo(30)) await channel.publish({ n }, n === 0 ? { vectorClock: clock } : {});
  const replay = alice.replay(`replayed:${format}`);
  const publications = await collect(replay);
  expect(payloads(publications)).toEqual(upTo(30).map((n) => ({ n })));
  expect({ ...publications[0]?.vectorClock }).toEqual(clock);
  const hash = createHash('sha256');
  for (const { id, sender, timestamp, payload } of publications) {
    const bytes = new TextEncoder().encode(JSON.stringify(payload));
    hash.update(replayDigestBytes({ ...createEnvelope('event'), id, sender, timestampMs: +timestamp, payload: bytes }));
  }
  expect(await replay.result).toMatchObject({ count: 30, gaps: [], hash: `sha256:${hash.digest('hex')}` });
  const cut = alice.replay(`replayed:${format}`, { speed: 0.001 });
  for await (const { payload } of cut) {
    expect(payload).toEqual({ n: 0 });
    break;
  }
  // What was published within the same millisecond comes together.
  const { count, cancelled } = await cut.result;
  expect([count < 30, cancelled]).toEqual([true, true]);
});

test('[LOG-9] [PRT-20] what was missed of the messages to a whole room follows after a reconnect, in order and once', async () => {
  const proxy = await startChaosProxy({ targetPort: bus.port });
  proxies.push(proxy);
  const bob = await connect('bob', 'json', proxy.port);
  const [shown, rejoined] = [record(bob, 'publication'), record(bob, 'rejoined')];
  for (const channel of ['general', 'side', 'third']) await bob.join(`hall:${channel}`);
  const alice = await connect('alice');
  await alice.join('hall:general');
  await alice.publish('hall:*', 'before');
  await waitUntil(() => shown.length === 1, { what: 'the first message' });
  let published = 0;
  for (let cut = 1; cut <= 3; cut++) {
    proxy.reset();
    await waitUntil(() => bob.state.kind !== 'connected', { what: 'the loss of the connection' });
    for (let n = 0; n < 5; n++) await alice.publish('hall:*', published++);
    await waitUntil(() => rejoined.length === 3 * cut, { timeoutMs: 12_000, what: 'the rejoining' });
    await alice.publish('hall:*', published++);
    await waitUntil(() => shown.length === 1 + published, { what: 'the messages' });
  }
  expect(payloads(shown)).toEqual(['before', ...upTo(published)]);
  expect(rejoined.map(({ roomRecovered }) => roomRecovered).filter((told) => told !== undefined)).toEqual([
    true,
    true,
    true,
  ]);
});
