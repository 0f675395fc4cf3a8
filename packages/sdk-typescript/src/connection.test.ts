import { BusError } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { createClientFixture } from './testing/client-fixture.ts';
import { settle } from './testing/fake-clock.ts';
import { createClient } from './client.ts';
import { rejectionOf } from './testing/rejection.ts';

describe('connecting', () => {
  it('[PRT-1] [PRT-2] offers the wire format and the token as subprotocols, and keeps the token out of the url', async () => {
    const { connect } = createClientFixture({ screenName: 'Ada & Søn', clientType: 'dashboard' });
    const socket = await connect();
    expect(socket.protocols).toEqual(['arqon.v1.json', 'bearer.token-1']);
    expect(socket.url).toBe('ws://bus.example.com/v1/socket?client_type=dashboard&screen_name=Ada+%26+S%C3%B8n');
  });

  it.each([
    ['service', undefined, 'arqon.v1.proto'],
    ['ai-agent', undefined, 'arqon.v1.proto'],
    ['ai-agent', 'json', 'arqon.v1.json'],
    ['human', undefined, 'arqon.v1.json'],
    ['human', 'proto', 'arqon.v1.proto'],
    ['dashboard', undefined, 'arqon.v1.json'],
    [undefined, undefined, 'arqon.v1.json'],
  ] as const)('[PRT-1] [PRT-3] as %s with the format %s offers %s', async (clientType, format, offered) => {
    const { client, network } = createClientFixture({
      ...(clientType === undefined ? {} : { clientType }),
      ...(format === undefined ? {} : { format }),
    });
    const rejected = rejectionOf(client.connect());
    await settle();
    expect(network.last().protocols).toEqual([offered, 'bearer.token-1']);
    await client.close();
    await rejected;
  });

  it('[PRT-4] resolves with the content of the welcome', async () => {
    const { client, network } = createClientFixture();
    const connected = client.connect();
    await settle();
    network.last().welcome({ limits: { max_frame_bytes: 1_024 } });
    const welcome = await connected;
    expect(welcome).toMatchObject({ clientId: 'shield-7f3a_9QmZ1x', user: 'ada@example.com', tenant: 'acme' });
    expect(welcome.limits.maxFrameBytes).toBe(1_024);
    expect(welcome.tokenExpiresAt?.toISOString()).toBe('2026-03-01T10:30:00.000Z');
    expect(client.state.kind).toBe('connected');
  });

  it('shares one try between all who call connect', async () => {
    const { client, network } = createClientFixture();
    const both = Promise.all([client.connect(), client.connect()]);
    await settle();
    network.last().welcome();
    const [first, second] = await both;
    expect(first).toBe(second);
    expect(await client.connect()).toBe(first);
    expect(network.sockets).toHaveLength(1);
  });

  it('tries again when the server is away, and rejects after the connect timeout with the reason', async () => {
    const { client, clock, network } = createClientFixture({ connectTimeoutMs: 5_000 });
    const rejected = rejectionOf(client.connect());
    await settle();
    for (let passedMs = 0; passedMs < 5_000; passedMs += 100) {
      if (client.state.kind === 'connecting') network.last().fail('connect ECONNREFUSED 127.0.0.1:9100');
      await clock.advance(100);
    }
    expect(await rejected).toMatchObject({
      code: 'UNAVAILABLE',
      cause: { code: 'UNAVAILABLE', details: { close_reason: 'connect ECONNREFUSED 127.0.0.1:9100' } },
    });
    expect(network.sockets.length).toBeGreaterThan(3);
    expect(client.state.kind).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('[PRT-2] rejects with the code of the error frame when the server refuses for good', async () => {
    const { client, network } = createClientFixture();
    const rejected = rejectionOf(client.connect());
    await settle();
    network.last().open();
    network.last().refuse(undefined, 'BANNED');
    network.last().end(4403, 'banned');
    expect(await rejected).toMatchObject({ code: 'BANNED', details: { close_code: 4403 } });
    expect(network.sockets).toHaveLength(1);
  });

  it('can be connected anew after it was closed', async () => {
    const fixture = createClientFixture();
    await fixture.connect();
    await fixture.client.close();
    expect(fixture.network.last().closedWith).toBe(1000);
    await fixture.connect();
    expect(fixture.network.sockets).toHaveLength(2);
    expect(fixture.client.state.kind).toBe('connected');
  });

  it('gives up a server that says nothing after the handshake', async () => {
    const { client, clock, network, record } = createClientFixture();
    const closes = record('close');
    void client.connect().catch(() => undefined);
    await settle();
    network.last().open();
    await clock.advance(10_000);
    expect(closes).toEqual([{ error: expect.objectContaining({ code: 'UNAVAILABLE' }), willReconnect: true }]);
    expect(network.sockets[0]?.isTerminated).toBe(true);
    await client.close();
  });

  it.each(['', 'arqon.v2.proto'])(
    '[PRT-1] leaves a server that picks the subprotocol %j instead of the one offered',
    async (picked) => {
      const { client, network } = createClientFixture({ format: 'proto' });
      const rejected = rejectionOf(client.connect());
      await settle();
      network.last().open(picked);
      expect(await rejected).toMatchObject({ details: { close_code: 1002 } });
      expect(client.state.kind).toBe('closed');
    },
  );

  it('tells a user of a runtime without WebSocket what to do', () => {
    const saved = Reflect.get(globalThis, 'WebSocket') as unknown;
    Reflect.set(globalThis, 'WebSocket', undefined);
    try {
      expect(() => createClient({ url: 'wss://bus.example.com', token: 'x' })).toThrow(
        /package "ws".*webSocket: WebSocket/s,
      );
    } finally {
      Reflect.set(globalThis, 'WebSocket', saved);
    }
  });

  it.each(['bus.example.com', 'ftp://bus.example.com', ''])('refuses the url %j', (url) => {
    expect(() => createClientFixture({ url })).toThrow(BusError);
  });

  it('stops with an error when the socket refuses the token as a subprotocol', async () => {
    function Refusing(): never {
      throw new SyntaxError('An invalid or duplicated subprotocol was specified');
    }
    const { client } = createClientFixture({ webSocket: Refusing as never, token: 'not a token' });
    await expect(client.connect()).rejects.toMatchObject({ code: 'VALIDATION_ERROR', cause: expect.any(SyntaxError) });
  });
});

describe('reconnecting', () => {
  it.each([1001, 1006, 1011, 1012, 1013, 4408, 4409, 4429, 4999])('reconnects after close %i', async (code) => {
    const { client, connect, network, reconnect } = createClientFixture();
    (await connect()).end(code);
    expect(client.state.kind).toBe('waiting');
    await reconnect();
    expect(client.state.kind).toBe('connected');
    expect(network.sockets).toHaveLength(2);
  });

  it.each([1002, 1003, 1007, 1009, 4400, 4403, 4413])('stays away after close %i', async (code) => {
    const { client, clock, connect, network, record } = createClientFixture();
    const closes = record('close');
    (await connect()).end(code);
    await clock.advance(600_000);
    expect(client.state).toMatchObject({ kind: 'closed', error: { details: { close_code: code } } });
    expect(closes).toMatchObject([{ willReconnect: false }]);
    expect(network.sockets).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('backs off with full jitter: 250 ms doubled at each failure, up to 20 s', async () => {
    const { client, clock, connect, network } = createClientFixture();
    (await connect()).end(1006);
    const delays: number[] = [];
    for (let i = 0; i < 9; i++) {
      if (client.state.kind === 'waiting') {
        delays.push(client.state.delayMs);
        await clock.advance(client.state.delayMs);
      }
      network.last().end(1006);
    }
    expect(delays).toEqual([125, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('goes on backing off from a server that welcomes and closes at once', async () => {
    const { client, clock, connect, network } = createClientFixture();
    (await connect()).end(1011);
    const delays: number[] = [];
    for (let i = 0; i < 5; i++) {
      if (client.state.kind === 'waiting') {
        delays.push(client.state.delayMs);
        await clock.advance(client.state.delayMs);
      }
      network.last().welcome();
      network.last().end(1011);
    }
    expect(delays.at(-1)).toBeGreaterThanOrEqual(delays[0] ?? 0);
    expect(delays.at(-1)).toBeGreaterThan(1_000);
  });

  it('begins the backoff anew after a connection that lasted', async () => {
    const { client, clock, connect, reconnect } = createClientFixture();
    (await connect()).end(1006);
    const socket = await reconnect();
    await clock.advance(15_000);
    socket.end(1006);
    expect(client.state).toMatchObject({ kind: 'waiting', failures: 1 });
  });

  it('[DPL-3] comes back when a draining server told it to, not before', async () => {
    const { client, clock, connect, network } = createClientFixture();
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'going_away', reconnect_in_ms: 45_000 } });
    await clock.advance(15_000);
    socket.end(1012);
    expect(client.state).toMatchObject({ kind: 'waiting', delayMs: 30_125 });
    await clock.advance(30_000);
    expect(network.sockets).toHaveLength(1);
    await clock.advance(125);
    expect(network.sockets).toHaveLength(2);
  });

  it('waits as long as a refusal for too many connections says, and no longer than 5 minutes', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    socket.refuse(undefined, 'RATE_LIMITED', { retry_after_ms: 9e15 });
    socket.end(4429);
    expect(client.state).toMatchObject({ kind: 'waiting', delayMs: 300_125, error: { code: 'RATE_LIMITED' } });
  });

  it('[PRT-5] asks a silent connection for a sign of life, and gives it up without one', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    await clock.advance(25_000);
    const [ping] = socket.commands('ping');
    await clock.advance(1_000);
    socket.reply(ping, { pong: true, server_time: '2026-03-01T09:30:26.000Z' });
    // A heartbeat after the last frame, and not after the next round of some timer: 35 s, never 60.
    await clock.advance(24_999);
    expect(socket.commands('ping')).toHaveLength(1);
    await clock.advance(1);
    expect(socket.commands('ping')).toHaveLength(2);
    await clock.advance(10_000);
    expect(client.state).toMatchObject({
      kind: 'waiting',
      error: { details: { close_reason: 'no answer to a ping' } },
    });
  });
});
