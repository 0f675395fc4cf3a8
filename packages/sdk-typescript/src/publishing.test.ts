import { describe, expect, it } from 'vitest';
import { createClientFixture, LOGGED } from './testing/client-fixture.ts';
import { rejectionOf } from './testing/rejection.ts';
import { settle } from './testing/fake-clock.ts';

const REPORT = { title: 'Ünïcode – 測試 🚀', __html__: '<img src=x onerror=alert(1)>', values: [1, 2.5, null, true] };

describe('publishing', () => {
  it('[PRT-14] resolves once the bus has it, with its position', async () => {
    const { connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const published = channel.publish(REPORT, { metadata: { trace: 7 }, schema: 'report.v1' });
    await settle();
    const [event] = socket.events();
    expect(event).toMatchObject({
      room: 'science',
      channel: 'general',
      payload: REPORT,
      ack: true,
      schema: 'report.v1',
    });
    expect(event).toMatchObject({ metadata: { trace: 7 }, id: expect.stringMatching(/^arq_[0-9A-Z]{26}$/) });
    socket.reply(event, { seq: 42, epoch: 'e-7c9e6679' });
    expect(await published).toEqual({ id: event?.['id'], seq: 42, epoch: 'e-7c9e6679' });
  });

  it('[PRT-14] rejects with the code, text and details of the refusal', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const published = client.publish('science:general', 1);
    await settle();
    socket.refuse(socket.events()[0], 'RATE_LIMITED', { retry_after_ms: 800 });
    await expect(published).rejects.toMatchObject({ code: 'RATE_LIMITED', details: { retry_after_ms: 800 } });
  });

  it('keeps the code of a newer server that this version does not know', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const published = client.publish('science:general', 1);
    await settle();
    socket.refuse(socket.events()[0], 'MOON_PHASE_WRONG');
    await expect(published).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      details: { error_code: 'MOON_PHASE_WRONG' },
    });
  });

  it('[PRT-14] waits for nothing without ack; a refusal comes as an error event', async () => {
    const { client, connect, record } = createClientFixture();
    const errors = record('error');
    const socket = await connect();
    const { id } = await client.publish({ room: 'science', channel: 'general' }, 'hi', { ack: false });
    expect(socket.events()).toMatchObject([{ id, payload: 'hi' }]);
    expect(socket.events()[0]).not.toHaveProperty('ack', true);
    socket.refuse(socket.events()[0], 'NOT_SUBSCRIBED');
    expect(errors).toMatchObject([{ code: 'NOT_SUBSCRIBED' }]);
  });

  it('[PRT-11] sends bytes as base64 under their own type', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    await client.publish('a:b', Uint8Array.of(0, 255, 16), { ack: false });
    await client.publish('a:b', new TextEncoder().encode('{"raw":1.0}'), {
      ack: false,
      contentType: 'application/json',
    });
    expect(socket.events()).toMatchObject([
      { payload: 'AP8Q', content_type: 'application/octet-stream' },
      { payload: { raw: 1 } },
    ]);
  });

  it.each([
    ['undefined', undefined, {}],
    ['a function', () => 1, {}],
    ['a bigint', 10n, {}],
    ['text under a type that is not JSON', 'hello', { contentType: 'text/plain' }],
    ['bytes that are no JSON', Uint8Array.of(0x7b), { contentType: 'application/json' }],
    ['an id of the wrong shape', 1, { id: 'mine' }],
    ['an expected sequence that is none', 1, { expectedSeq: -1 }],
    ['a vector clock that is none', 1, { vectorClock: { a: -1 } }],
  ])('refuses %s before sending anything', async (_, payload, options) => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    await expect(client.publish('a:b', payload, options)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(socket.sent).toEqual([]);
  });

  it.each(['science', 'a:b:c', ':b', 'a.b.*.>', 'a:', 'a b:c', '__proto__:x'])(
    'refuses the channel name %j',
    async (name) => {
      const { client, connect } = createClientFixture();
      await connect();
      await expect(client.publish(name, 1)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    },
  );

  it('refuses a message over the frame limit itself: the server would end the connection (1009)', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    await expect(client.publish('a:b', 'ä'.repeat(33_000))).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    expect(socket.sent).toEqual([]);
  });

  it('refuses when the network does not take what is sent', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    socket.bufferedAmount = 5_000_000;
    await expect(client.publish('a:b', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(client.publish('a:b', 1, { ack: false })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('refuses before connect and after close', async () => {
    const { client, connect } = createClientFixture();
    await expect(client.publish('a:b', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await connect();
    await client.close();
    await expect(client.publish('a:b', 1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('tells who waits for a connection that the client was closed', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    socket.end(1006);
    const waiting = rejectionOf(client.publish('a:b', 1));
    await client.close();
    expect(await waiting).toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The publication was not sent: the client was closed.',
    });
  });

  it('bounds the publications that wait for their acknowledgement', async () => {
    const { client, connect } = createClientFixture();
    await connect();
    const all = Array.from({ length: 1_025 }, () => client.publish('a:b', 1).catch((error: unknown) => error));
    expect(await all.at(-1)).toMatchObject({ code: 'RATE_LIMITED' });
    await client.close();
    expect(await all[0]).toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('publishing over a lost connection', () => {
  it('[LOG-5] sends an unanswered publication again, under its id, after the channel was joined again, in order', async () => {
    const { connect, join, reconnect } = createClientFixture();
    const first = await connect();
    const channel = await join('science:general', LOGGED);
    const results = Promise.all(['one', 'two'].map((text) => channel.publish(text)));
    await settle();
    first.end(1006);
    const second = await reconnect();
    expect(second.events()).toEqual([]);
    second.reply(second.commands('join_channel')[0], { room: 'science', channel: 'general', ...LOGGED });
    await settle();
    expect(second.events()).toEqual(first.events());
    for (const event of second.events()) second.reply(event, { seq: 42, epoch: 'e-7c9e6679', duplicate: true });
    expect(await results).toMatchObject([{ duplicate: true }, { duplicate: true }]);
  });

  it('holds what is published during the outage, and sends it afterwards', async () => {
    const { client, connect, join, reconnect } = createClientFixture();
    (await connect()).end(1012);
    const held = client.publish('ops:alerts', 'held');
    await settle();
    const socket = await reconnect();
    await settle();
    socket.reply(socket.events()[0]);
    expect(await held).toMatchObject({ id: socket.events()[0]?.['id'] });
    await join('ops:alerts');
  });

  it("[LOG-7] repeats after a TIMEOUT, also the server's own, and reports the outcome as unknown after 60 s", async () => {
    const { clock, connect, join } = createClientFixture();
    const socket = await connect();
    const channel = await join('science:general', LOGGED);
    const outcome = channel.publish('lost').catch((error: unknown) => error);
    await settle();
    socket.refuse(socket.events()[0], 'TIMEOUT');
    // The server is alive, and answers pings alone.
    for (let second = 0; second < 59; second += 1) {
      await clock.advance(1_000);
      for (const ping of socket.commands('ping')) socket.reply(ping, { pong: true });
    }
    expect(socket.events().length).toBeGreaterThan(5);
    expect(new Set(socket.events().map((event) => event['id'])).size).toBe(1);
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({ code: 'TIMEOUT', details: { indeterminate: true } });
    const sent = socket.events().length;
    await clock.advance(120_000);
    expect(socket.events()).toHaveLength(sent);
  });

  it('does not repeat on a channel without a log: it could arrive twice', async () => {
    const { connect, join, reconnect } = createClientFixture();
    const first = await connect();
    const channel = await join('science:live');
    const outcome = channel.publish('maybe').catch((error: unknown) => error);
    await settle();
    first.end(1006);
    expect(await outcome).toMatchObject({ code: 'TIMEOUT', details: { indeterminate: true } });
    const second = await reconnect();
    second.reply(second.commands('join_channel')[0], { room: 'science', channel: 'live' });
    await settle();
    expect(second.events()).toEqual([]);
  });

  it('does not take the refusal of a repetition for the fate of the first sending', async () => {
    const { clock, connect, join, reconnect } = createClientFixture();
    const first = await connect();
    const channel = await join('science:general', LOGGED);
    const outcome = channel.publish('once').catch((error: unknown) => error);
    await settle();
    first.end(1006);
    const second = await reconnect();
    second.reply(second.commands('join_channel')[0], { room: 'science', channel: 'general', ...LOGGED });
    await settle();
    second.refuse(second.events()[0], 'RATE_LIMITED', { retry_after_ms: 2_000 });
    await clock.advance(2_000);
    expect(second.events()).toHaveLength(2);
    second.refuse(second.events()[1], 'AUTHORIZATION_ERROR');
    expect(await outcome).toMatchObject({
      code: 'TIMEOUT',
      details: { indeterminate: true },
      cause: { code: 'AUTHORIZATION_ERROR' },
    });
  });

  it('tells for sure when a publication was never sent', async () => {
    const { client, clock, connect, network } = createClientFixture();
    (await connect()).end(1006);
    const outcome = client.publish('science:general', 1).catch((error: unknown) => error);
    for (let seconds = 0; seconds < 60; seconds++) {
      if (client.state.kind === 'connecting') network.last().end(1006);
      await clock.advance(1_000);
    }
    expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
    await client.close();
  });
});

describe('private messages and commands', () => {
  it('[PRT-17] sends to clients and users, and tells of a missing target', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const sent = client.private(['shield-1_abc', 'user:grace@example.com'], { hello: 1 });
    await settle();
    const frame = socket.sent.at(-1);
    expect(frame).toMatchObject({ type: 'private', to: ['shield-1_abc', 'user:grace@example.com'], ack: true });
    socket.refuse(frame, 'TARGET_NOT_FOUND');
    await expect(sent).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });

  it('[PRT-21] gives commands with typed arguments and results', async () => {
    const { client, connect } = createClientFixture();
    const socket = await connect();
    const listed = client.command('list_channels', { room: 'science', limit: 10 });
    await settle();
    const [frame] = socket.commands('list_channels');
    expect(frame).toMatchObject({ type: 'command', args: { room: 'science', limit: 10 } });
    socket.reply(frame, { channels: [{ channel: 'general', members: 3 }], cursor: 'next' });
    const { channels, cursor } = await listed;
    expect([channels[0]?.members, cursor]).toEqual([3, 'next']);
  });

  it('rejects a command without an answer after its timeout, and one that a lost connection cut off', async () => {
    const { client, clock, connect } = createClientFixture();
    const socket = await connect();
    const slow = client.command('status', {}, { timeoutMs: 3_000 }).catch((error: unknown) => error);
    await clock.advance(3_000);
    expect(await slow).toMatchObject({ code: 'TIMEOUT', details: { indeterminate: true } });
    const cut = client.command('status').catch((error: unknown) => error);
    await settle();
    socket.end(1006);
    expect(await cut).toMatchObject({ code: 'TIMEOUT', details: { indeterminate: true } });
    await expect(client.command('status')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await client.close();
    expect(clock.pending).toBe(0);
  });

  it('ignores a second answer, and an answer to nothing', async () => {
    const { client, connect, record } = createClientFixture();
    const errors = record('error');
    const socket = await connect();
    const pinged = client.command('ping');
    await settle();
    const [ping] = socket.commands('ping');
    socket.reply(ping, { pong: true, server_time: '2026-03-01T09:30:00.000Z' });
    socket.reply(ping, { pong: false });
    socket.reply({ id: 'arq_never_asked' });
    expect(await pinged).toMatchObject({ pong: true });
    expect(errors).toEqual([]);
  });
});
