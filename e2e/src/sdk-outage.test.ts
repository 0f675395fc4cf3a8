import { createClient, parsePublications } from '@arqonbus/sdk';
import type { ArqonClient, ClientEvents, ClientOptions, Publication, PublishResult } from '@arqonbus/sdk';
import { startChaosProxy, waitUntil } from '@arqonbus/testkit';
import type { ChaosProxy } from '@arqonbus/testkit';
import { WebSocket } from 'ws';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createFastClock } from './harness/fast-clock.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

// The SDK on the real bus over a network that fails. Times of the clients pass five times as fast.
const SPEED = 5;
const HEARTBEAT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A whole heartbeat without a frame, which begins in the middle of another one, and the time for an answer. */
const SILENCE_BOUND_MS = (2 * HEARTBEAT_MS + REQUEST_TIMEOUT_MS) / SPEED;
/** What a busy machine may add. */
const SLACK_MS = 1_500;

const clients: ArqonClient[] = [];
const proxies: ChaosProxy[] = [];
let bus: Bus;

beforeAll(async () => {
  bus = await startBus({
    ARQONBUS_LIMITS_HEARTBEAT_MS: String(HEARTBEAT_MS),
    ARQONBUS_PRESENCE_LINGER_MS: '500',
  });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(proxies.splice(0).map((proxy) => proxy.stop()));
});

afterAll(() => bus.stop());

async function startProxy(): Promise<ChaosProxy> {
  const proxy = await startChaosProxy({ targetPort: bus.port });
  proxies.push(proxy);
  return proxy;
}

async function connect(port: number, user: string, options: Partial<ClientOptions> = {}): Promise<ArqonClient> {
  const client = createClient({
    url: `ws://127.0.0.1:${port}/v1/socket`,
    token: () => bus.token({ user }),
    webSocket: WebSocket,
    clock: createFastClock(SPEED),
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    ...options,
  });
  clients.push(client);
  await client.connect();
  return client;
}

async function historyOf(client: ArqonClient, channel: string): Promise<readonly Publication[]> {
  const { publications } = await client.command('history', { room: 'drills', channel, limit: 1_000, order: 'oldest' });
  return parsePublications(publications);
}

function record<N extends keyof ClientEvents>(client: ArqonClient, name: N): ClientEvents[N][] {
  const events: ClientEvents[N][] = [];
  client.on(name, (event) => void events.push(event));
  return events;
}

/** How long the client waits before each try from now on, in ms of its own clock. */
function recordWaits(client: ArqonClient): number[] {
  const delays: number[] = [];
  client.on('state', (state) => {
    if (state.kind === 'waiting') delays.push(state.delayMs);
  });
  return delays;
}

function ids(publications: readonly { readonly id: string }[]): string[] {
  return publications.map(({ id }) => id);
}

/** Runs `act` every `everyMs` until the returned function is called. */
function repeat(act: () => void, everyMs: number): () => void {
  const handle = setInterval(act, everyMs);
  return () => clearInterval(handle);
}

test('[LOG-5] [LOG-9] over a link that is reset all the time, what was acknowledged is stored once and shown once, in order', async () => {
  const proxy = await startProxy();
  const publisher = await connect(proxy.port, 'publisher', { clientType: 'service' });
  const reader = await connect(proxy.port, 'reader');
  const witness = await connect(bus.port, 'witness');
  const [read, witnessed] = [record(reader, 'publication'), record(witness, 'publication')];
  const rejoined = record(reader, 'rejoined');
  for (const client of [publisher, reader, witness]) await client.join('drills:resets');
  const published: Promise<PublishResult>[] = [];
  const publish = (): void =>
    void published.push(publisher.publish('drills:resets', { n: published.length, text: 'Grüße 🚀' }));
  let resets = 0;
  const stops = [
    repeat(publish, 15),
    repeat(() => {
      resets++;
      proxy.reset();
    }, 300),
  ];
  await waitUntil(() => resets >= 12, { timeoutMs: 10_000, what: 'the resets' });
  for (const stop of stops) stop();
  const acknowledged = await Promise.all(published);

  expect(proxy.accepted()).toBeGreaterThan(8);
  expect(acknowledged.length).toBeGreaterThan(100);
  const stored = await historyOf(witness, 'resets');
  expect(stored.map(({ id, seq }) => `${id} ${seq}`).toSorted()).toEqual(
    acknowledged.map(({ id, seq }) => `${id} ${seq}`).toSorted(),
  );
  expect(ids(witnessed)).toEqual(ids(stored));
  // The reader was cut off as often, and goes on each time where it was.
  await expect.poll(() => ids(read), { timeout: 8_000 }).toEqual(ids(stored));
  for (const { recovered } of rejoined) expect(recovered).toBe(true);
  const [first] = acknowledged;
  const again = await publisher.publish('drills:resets', 'again', { id: String(first?.id) });
  expect(again).toMatchObject({ id: first?.id, seq: first?.seq, duplicate: true });

  await waitUntil(() => reader.state.kind === 'connected', { timeoutMs: 8_000, what: 'the reader to be back' });
  const isThere = async (): Promise<readonly number[]> => {
    const { participants } = await witness.command('channel_info', { room: 'drills', channel: 'resets' });
    return [participants.length, await bus.metric('arqonbus_connections')];
  };
  await expect.poll(isThere).toEqual([3, 3]);
  expect(proxy.connections()).toBe(2);
});

test('[PRT-5] [LOG-5] over a link that swallows bytes the client notices by its own ping, and comes back', async () => {
  const outcomes = await Promise.all((['both', 'toClient', 'toServer'] as const).map(outliveBlackHole));
  for (const { channel, noticedAfterMs, closes, rejoined, published, stored } of outcomes) {
    expect(noticedAfterMs).toBeLessThan(SILENCE_BOUND_MS + SLACK_MS);
    expect(closes[0]).toMatchObject({
      willReconnect: true,
      error: { details: { close_reason: 'no answer to a ping' } },
    });
    expect(rejoined).toMatchObject([{ room: 'drills', channel, recovered: true }]);
    expect(stored).toMatchObject([{ id: published.id, seq: published.seq, payload: { into: 'the void' } }]);
  }
});

interface BlackHoleOutcome {
  readonly channel: string;
  readonly noticedAfterMs: number;
  readonly closes: readonly ClientEvents['close'][];
  readonly rejoined: readonly ClientEvents['rejoined'][];
  readonly published: PublishResult;
  readonly stored: readonly Publication[];
}

/** A link that is half open in one way, with a client, a proxy and a channel of its own. */
async function outliveBlackHole(direction: 'both' | 'toClient' | 'toServer'): Promise<BlackHoleOutcome> {
  const proxy = await startProxy();
  const client = await connect(proxy.port, direction, { clientType: 'dashboard' });
  const channel = await client.join(`drills:${direction}`);
  const [closes, rejoined] = [record(client, 'close'), record(client, 'rejoined')];
  const startedAt = performance.now();
  proxy.blackhole(direction);
  const publishing = channel.publish({ into: 'the void' });
  await waitUntil(() => closes.length > 0, { timeoutMs: 10_000, what: `the client to notice (${direction})` });
  const noticedAfterMs = performance.now() - startedAt;
  proxy.heal();
  const published = await publishing;
  const stored = await historyOf(client, direction);
  return { channel: direction, noticedAfterMs, closes, rejoined, published, stored };
}

test('[PRT-11] over a slow link that hands on single bytes everything arrives intact, both ways', async () => {
  const proxy = await startProxy();
  const slow = await connect(proxy.port, 'slow', { clientType: 'ai-agent' });
  const fast = await connect(bus.port, 'fast', { format: 'json' });
  const closes = record(slow, 'close');
  const [atSlow, atFast] = [record(slow, 'publication'), record(fast, 'publication')];
  for (const client of [slow, fast]) await client.join('drills:slow');
  proxy.set({ bytesPerSecond: 2_000, sliceBytes: 1 });
  const sent = [{ text: 'Grüße 🚀 測試'.repeat(4), n: 1.5 }, Uint8Array.from({ length: 300 }, (_, i) => i % 256)];
  for (const payload of sent) await Promise.all([slow, fast].map((client) => client.publish('drills:slow', payload)));
  proxy.set({ bytesPerSecond: 60_000, sliceBytes: 1_000 });
  const big = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7) % 256);
  await Promise.all([slow, fast].map((client) => client.publish('drills:slow', big)));
  await waitUntil(() => atSlow.length === 3 && atFast.length === 3, { timeoutMs: 10_000, what: 'all to arrive' });
  for (const heard of [atSlow, atFast]) expect(heard.map(({ payload }) => payload)).toEqual([...sent, big]);
  expect(closes).toEqual([]);
});

test('[LOG-5] what is published while the network is cut is stored once when it heals, after few tries', async () => {
  const proxy = await startProxy();
  const formats = ['json', 'proto'] as const;
  const cutOff = await Promise.all(formats.map((format) => connect(proxy.port, `cut-${format}`, { format })));
  const waits = cutOff.map((client) => recordWaits(client));
  for (const client of cutOff) await client.join('drills:cut');
  proxy.cut();
  await waitUntil(() => cutOff.every(({ state }) => state.kind === 'waiting'), { what: 'the clients to notice' });
  const published = cutOff.flatMap((client, i) =>
    Array.from({ length: 5 }, (_, n) => client.publish('drills:cut', { from: formats[i], n })),
  );
  const isLong = (): boolean => waits.every((delays) => delays.length >= 5);
  await waitUntil(isLong, { timeoutMs: 10_000, what: 'some tries in vain' });
  proxy.heal();
  const acknowledged = await Promise.all(published);
  const [first] = cutOff;
  const stored = first === undefined ? [] : await historyOf(first, 'cut');
  expect(stored.map(({ id, seq }) => ({ id, seq }))).toEqual(
    acknowledged.map(({ id, seq }) => ({ id, seq })).toSorted((a, b) => Number(a.seq) - Number(b.seq)),
  );
  for (const from of formats) {
    const own = stored.map(({ payload }) => payload as { from: string; n: number }).filter((one) => one.from === from);
    expect(own.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4]);
  }
  for (const delays of waits) {
    delays.forEach((delayMs, i) => expect(delayMs).toBeLessThanOrEqual(250 * 2 ** i));
    expect(delays.length).toBeLessThan(15);
  }
  expect(waits[0]).not.toEqual(waits[1]);
});
