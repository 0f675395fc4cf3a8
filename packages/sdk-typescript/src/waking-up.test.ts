import { describe, expect, it } from 'vitest';
import { OFFLINE_RETRY_MS } from './retry-timer.ts';
import { createClientFixture } from './testing/client-fixture.ts';
import { event } from './testing/event-frame.ts';
import { settle } from './testing/fake-clock.ts';

const HOUR_MS = 3_600_000;

describe('a page that is seen again', () => {
  it('[PRT-5] checks its connection at once, and keeps one that answers', async () => {
    const { client, clock, connect, page } = createClientFixture();
    const socket = await connect();
    await clock.advance(3_000);
    page.awake();
    expect(socket.commands('ping')).toHaveLength(1);
    socket.reply(socket.commands('ping')[0], { pong: true });
    await clock.advance(15_000);
    expect(client.state.kind).toBe('connected');
  });

  it('[PRT-5] drops a connection that is silent for 5 s', async () => {
    const { client, clock, connect, page } = createClientFixture();
    await connect();
    page.awake();
    await clock.advance(5_000);
    expect(client.state).toMatchObject({
      kind: 'waiting',
      error: { details: { close_reason: 'no answer to a ping' } },
    });
  });

  it('shortens a check that is under way, and asks no more than once however often it is shown', async () => {
    const { client, clock, connect, page } = createClientFixture();
    const socket = await connect();
    await clock.advance(26_000);
    expect(socket.commands('ping')).toHaveLength(1);
    for (let i = 0; i < 100; i++) page.awake();
    expect(socket.commands('ping')).toHaveLength(2);
    await clock.advance(5_000);
    expect(client.state.kind).toBe('waiting');
  });

  it('makes a try at once that the throttled timer has not made yet', async () => {
    const { clock, connect, network, page } = createClientFixture();
    (await connect()).end(1006);
    await clock.oversleep(30_000, { fires: false });
    expect(network.sockets).toHaveLength(1);
    page.awake();
    await settle();
    expect(network.sockets).toHaveLength(2);
    await clock.advance(0);
    expect(network.sockets).toHaveLength(2);
  });

  it('leaves a wait alone that is not over', async () => {
    const { client, connect, page } = createClientFixture();
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'going_away', reconnect_in_ms: 45_000 } });
    socket.end(1012);
    const before = client.state;
    page.awake();
    expect(client.state).toBe(before);
  });

  it.each([true, false])(
    'catches up with a network that changed while it was frozen (offline now: %s)',
    async (now) => {
      const { client, connect, page } = createClientFixture();
      const socket = await connect();
      page.changeUnheard(!now);
      socket.end(1006);
      page.changeUnheard(now);
      page.awake();
      expect(client.state).toMatchObject(now ? { isOffline: true, delayMs: OFFLINE_RETRY_MS + 500 } : { delayMs: 500 });
    },
  );
});

describe('a process that slept', () => {
  it('[PRT-5] pings first, and keeps the connection when it answers', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    await clock.oversleep(HOUR_MS);
    expect(client.state.kind).toBe('connected');
    socket.reply(socket.commands('ping').at(-1), { pong: true });
    await clock.advance(20_000);
    expect(client.state.kind).toBe('connected');
  });

  it('[PRT-5] pings although it heard something shortly before it fell asleep, and drops after 5 s of silence', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    await clock.advance(20_000);
    socket.deliver(event(1));
    await clock.oversleep(HOUR_MS);
    expect(socket.commands('ping')).toHaveLength(1);
    await clock.advance(5_000);
    expect(client.state.kind).toBe('waiting');
  });

  it('[PRT-5] does not take its own late timer for a missing answer', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    await clock.advance(25_000);
    expect(socket.commands('ping')).toHaveLength(1);
    await clock.oversleep(HOUR_MS);
    expect(client.state.kind).toBe('connected');
    socket.reply(socket.commands('ping').at(-1), { pong: true });
    await clock.advance(10_000);
    expect(client.state.kind).toBe('connected');
  });
});

describe('a check of the connection', () => {
  it('waits on while other frames come: the answer may be behind them on a slow link', async () => {
    const { clock, connect, page, record } = createClientFixture();
    const closes = record('close');
    const socket = await connect();
    page.awake();
    for (let seconds = 0; seconds < 30; seconds++) {
      socket.deliver(event(seconds));
      await clock.advance(1_000);
    }
    expect(closes).toEqual([]);
    expect(socket.commands('ping').length).toBeLessThanOrEqual(7);
    await clock.advance(10_000);
    expect(closes).toMatchObject([{ willReconnect: true }]);
  });

  it('drops a connection over which nothing can be sent and nothing comes', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    socket.bufferedAmount = 5_000_000;
    await clock.advance(35_000);
    expect(client.state.kind).toBe('waiting');
  });

  it('takes a refusal for a sign of life', async () => {
    const { client, clock, connect, page } = createClientFixture();
    const socket = await connect();
    page.awake();
    socket.refuse(socket.commands('ping')[0], 'RATE_LIMITED');
    await clock.advance(5_000);
    expect(client.state.kind).toBe('connected');
    socket.reply(socket.commands('ping')[1], { pong: true });
    await clock.advance(10_000);
    expect(client.state.kind).toBe('connected');
  });

  it('ends with its connection: an answer that is missing there says nothing about the next one', async () => {
    const { client, clock, connect, page, reconnect } = createClientFixture();
    const socket = await connect();
    page.awake();
    await clock.advance(4_000);
    socket.end(1012);
    await reconnect();
    await clock.advance(20_000);
    expect(client.state.kind).toBe('connected');
  });

  it.each([
    [1, 5_000],
    [1e300, 300_000],
  ])('[P-12] comes no sooner and no later than is sensible when a server sets %d ms', async (heartbeat_ms, atMs) => {
    const { client, clock, network } = createClientFixture();
    const connected = client.connect();
    await settle();
    network.last().welcome({ heartbeat_ms });
    await connected;
    await clock.advance(atMs - 1);
    expect(network.last().commands('ping')).toHaveLength(0);
    await clock.advance(1);
    expect(network.last().commands('ping')).toHaveLength(1);
  });
});
