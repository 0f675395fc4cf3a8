import { describe, expect, it } from 'vitest';
import { createClientFixture } from './testing/client-fixture.ts';
import { settle } from './testing/fake-clock.ts';
import { rejectionOf } from './testing/rejection.ts';

describe('tokens', () => {
  it('[PRT-6] stops after 4401 with a fixed token: no loop of refused tokens', async () => {
    const { client, clock, network } = createClientFixture({ token: 'expired-token' });
    const rejected = rejectionOf(client.connect());
    await settle();
    network.last().open();
    network.last().refuse(undefined, 'TOKEN_EXPIRED');
    network.last().end(4401);
    expect(await rejected).toMatchObject({ code: 'TOKEN_EXPIRED' });
    await clock.advance(600_000);
    expect(network.sockets).toHaveLength(1);
    expect(client.state.kind).toBe('closed');
  });

  it('[PRT-6] stops after 4401 with a token that was fetched for this try', async () => {
    const { client, clock, network } = createClientFixture();
    const rejected = rejectionOf(client.connect());
    await settle();
    network.last().end(4401);
    expect(await rejected).toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await clock.advance(600_000);
    expect(network.sockets).toHaveLength(1);
  });

  it('[PRT-6] gets a new token when the session of the old one has expired', async () => {
    const { connect, reconnect } = createClientFixture();
    (await connect()).end(4401);
    expect((await reconnect()).token).toBe('token-2');
  });

  it('keeps its token over a reconnect that has nothing to do with tokens', async () => {
    const { connect, reconnect } = createClientFixture();
    (await connect()).end(1012);
    expect((await reconnect()).token).toBe('token-1');
  });

  it('asks for a fresh token after 1006 right after a failed upgrade, because a browser cannot see a refusal', async () => {
    const { connect, clock, network, reconnect } = createClientFixture();
    (await connect()).end(1006);
    await clock.advance(125);
    expect(network.last().token).toBe('token-1');
    network.last().end(1006);
    expect((await reconnect()).token).toBe('token-2');
  });

  it('tries again when the token function fails, and tells why', async () => {
    let asked = 0;
    const failOnce = (): Promise<string> =>
      ++asked === 1 ? Promise.reject(new Error('identity provider is down')) : Promise.resolve('token-9');
    const { client, network, clock } = createClientFixture({ token: failOnce });
    const connected = client.connect();
    await clock.advance(250);
    network.last().welcome();
    await connected;
    expect(network.last().token).toBe('token-9');
    expect(network.sockets).toHaveLength(1);
  });

  it('does not wait for ever for the token function', async () => {
    const { client, clock, record } = createClientFixture({ token: () => new Promise(() => undefined) });
    const closes = record('close');
    const connected = client.connect();
    await clock.advance(10_000);
    expect(closes).toMatchObject([{ willReconnect: true, error: { code: 'AUTHENTICATION_FAILED' } }]);
    await client.close();
    await expect(connected).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(clock.pending).toBe(0);
  });

  it('[PRT-6] replaces a token that is about to expire, once', async () => {
    const { connect, reconnect } = createClientFixture();
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'token_expiring', in_ms: 60_000 } });
    socket.deliver({ type: 'system', payload: { event: 'token_expiring', in_ms: 59_999 } });
    await settle();
    const refreshes = socket.commands('refresh');
    expect(refreshes.map((frame) => frame['args'])).toEqual([{ token: 'token-2' }]);
    socket.reply(refreshes[0], { token_expires_at: '2026-03-01T11:30:00.000Z' });
    socket.deliver({ type: 'system', payload: { event: 'token_expiring', in_ms: 1 } });
    await settle();
    expect(socket.commands('refresh')).toHaveLength(1);
    socket.end(1001);
    expect((await reconnect()).token).toBe('token-2');
  });

  it('[PRT-6] leaves a fixed token alone and tells the application', async () => {
    const { connect, record } = createClientFixture({ token: 'fixed' });
    const messages = record('system');
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'token_expiring', in_ms: 60_000 } });
    await settle();
    expect(socket.sent).toEqual([]);
    expect(messages).toMatchObject([{ event: 'token_expiring', payload: { in_ms: 60_000 } }]);
  });

  it('tells when the refresh is refused, and lives on', async () => {
    const { client, connect, record } = createClientFixture();
    const errors = record('error');
    const socket = await connect();
    socket.deliver({ type: 'system', payload: { event: 'token_expiring', in_ms: 60_000 } });
    await settle();
    socket.refuse(socket.commands('refresh')[0], 'AUTHORIZATION_ERROR');
    await settle();
    expect(errors).toMatchObject([{ code: 'AUTHORIZATION_ERROR' }]);
    expect(client.state.kind).toBe('connected');
  });
});
