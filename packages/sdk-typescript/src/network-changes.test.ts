import { describe, expect, it } from 'vitest';
import { OFFLINE_RETRY_MS } from './retry-timer.ts';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { settle } from './testing/fake-clock.ts';

describe('without a network', () => {
  it('holds the next try and says so, and tries again shortly after the network is back', async () => {
    const { client, clock, connect, network, page, record } = createClientFixture();
    const states = record('state');
    const socket = await connect();
    socket.end(1006);
    page.goOffline();
    expect(client.state).toMatchObject({ kind: 'waiting', failures: 1, isOffline: true });
    await clock.advance(50_000);
    expect(network.sockets).toHaveLength(1);
    page.goOnline();
    expect(client.state).toMatchObject({ kind: 'waiting', failures: 1, delayMs: 500 });
    expect(client.state).not.toHaveProperty('isOffline');
    await clock.advance(500);
    network.last().welcome();
    await settle();
    expect(network.sockets).toHaveLength(2);
    expect(states.map(({ kind }) => kind)).toEqual([
      'connecting',
      'connected',
      'waiting',
      'waiting',
      'waiting',
      'connecting',
      'connected',
    ]);
  });

  it('holds a try that is planned while the platform is offline already', async () => {
    const { client, clock, connect, network, page } = createClientFixture();
    const socket = await connect();
    page.goOffline();
    socket.end(1006);
    expect(client.state).toMatchObject({ kind: 'waiting', isOffline: true });
    await clock.advance(OFFLINE_RETRY_MS);
    expect(network.sockets).toHaveLength(1);
  });

  it('connects all the same when the application says so, since the platform may be wrong', async () => {
    const { client, connect, page } = createClientFixture();
    page.goOffline();
    await connect();
    expect(client.state.kind).toBe('connected');
  });

  it('tries once a minute, since the platform may be wrong, and does not count it against the server', async () => {
    const { client, clock, connect, network, page } = createClientFixture();
    const socket = await connect();
    page.goOffline();
    socket.end(1006);
    for (let minutes = 0; minutes < 60; minutes++) {
      await clock.advance(OFFLINE_RETRY_MS);
      if (client.state.kind === 'connecting') network.last().end(1006);
    }
    expect(network.sockets.length).toBeGreaterThan(50);
    expect(network.sockets.length).toBeLessThanOrEqual(61);
    expect(client.state).toMatchObject({ kind: 'waiting', failures: 1 });
  });

  it('[PRT-5] checks an open connection instead of dropping it: an `offline` that lies costs one ping', async () => {
    const { client, clock, connect, page } = createClientFixture();
    const socket = await connect();
    page.goOffline();
    socket.reply(socket.commands('ping')[0], { pong: true });
    await clock.advance(20_000);
    expect(client.state.kind).toBe('connected');
    expect(socket.commands('ping')).toHaveLength(1);
  });

  it('[PRT-5] drops an open connection that does not answer within 5 s, and waits for the network', async () => {
    const { client, clock, connect, page } = createClientFixture();
    await connect();
    page.goOffline();
    await clock.advance(4_999);
    expect(client.state.kind).toBe('connected');
    await clock.advance(1);
    expect(client.state).toMatchObject({ kind: 'waiting', isOffline: true });
  });

  it('keeps publications for when the network is back', async () => {
    const { clock, connect, join, network, page } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    page.goOffline();
    socket.end(1006);
    const published = channel.publish('held');
    await clock.advance(30_000);
    page.goOnline();
    await clock.advance(1_000);
    network.last().welcome();
    await settle();
    network.last().reply(network.last().commands('join_channel')[0], { ...LOGGED });
    await settle();
    network.last().reply(network.last().events()[0], { seq: 42, epoch: LOGGED['epoch'] });
    expect(await published).toMatchObject({ seq: 42 });
  });
});

describe('when the network is back', () => {
  it('[DPL-3] still waits as long as a draining server asked', async () => {
    const { client, clock, connect, network, page } = createClientFixture();
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'going_away', reconnect_in_ms: 30_000 } });
    socket.end(1012);
    page.goOffline();
    await clock.advance(10_000);
    page.goOnline();
    expect(client.state).toMatchObject({ kind: 'waiting', delayMs: 20_500 });
    await clock.advance(20_000);
    expect(network.sockets).toHaveLength(1);
    await clock.advance(500);
    expect(network.sockets).toHaveLength(2);
  });

  it('still waits after 4429, and as long as a refusal says', async () => {
    const { client, connect, page } = createClientFixture({ random: () => 0 });
    const socket = await connect();
    socket.refuse(undefined, 'RATE_LIMITED', { retry_after_ms: 8_000 });
    socket.end(4429);
    page.goOffline();
    page.goOnline();
    expect(client.state).toMatchObject({ kind: 'waiting', delayMs: 8_000 });
  });

  it('keeps the count of failures: a server that is down is not hammered', async () => {
    const { client, clock, connect, network, page } = createClientFixture();
    (await connect()).end(1011);
    for (let i = 0; i < 4; i++) {
      if (client.state.kind === 'waiting') await clock.advance(client.state.delayMs);
      network.last().end(1011);
    }
    page.goOffline();
    page.goOnline();
    await clock.advance(500);
    network.last().end(1011);
    expect(client.state).toMatchObject({ kind: 'waiting', failures: 6, delayMs: 4_000 });
  });

  it('[PRT-5] checks an open connection: it may belong to the network before', async () => {
    const { client, clock, connect, page } = createClientFixture();
    await connect();
    page.goOnline();
    await clock.advance(5_000);
    expect(client.state.kind).toBe('waiting');
  });

  it('burns no tries on a network that comes and goes', async () => {
    const { clock, connect, network, page } = createClientFixture();
    (await connect()).end(1006);
    for (let i = 0; i < 1_000; i++) {
      page.goOffline();
      page.goOnline();
      await clock.advance(10);
    }
    expect(network.sockets.length).toBeLessThan(30);
  });
});

it('takes every listener away when it is closed, by itself or by the server', async () => {
  for (const end of ['client', 'server'] as const) {
    const { client, clock, connect, network, page } = createClientFixture();
    expect(page.listeners).toBe(0);
    const socket = await connect();
    expect(page.listeners).toBe(1);
    page.goOffline();
    if (end === 'client') await client.close();
    else socket.end(4403);
    expect([page.listeners, clock.pending]).toEqual([0, 0]);
    page.goOnline();
    await connect();
    expect([page.listeners, network.sockets.length]).toEqual([1, 2]);
  }
});

it('leaves no timer behind when it is closed while a try is held', async () => {
  const { client, clock, connect, page } = createClientFixture();
  (await connect()).end(1006);
  page.goOffline();
  await client.close();
  expect(clock.pending).toBe(0);
});
