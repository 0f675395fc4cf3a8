import { DEFAULT_LIMITS, errorTable } from '@arqonbus/protocol';
import { describe, expect, it } from 'vitest';
import { turn } from '../session/session-rig.ts';
import { createStreamRig } from './stream-rig.ts';
import { MAX_FOLLOWERS_PER_TENANT } from './telemetry-handshake.ts';

describe('who may follow', () => {
  it('[TEL-4] [PRT-2] only administrators: others are told over HTTP with a code', async () => {
    const { state, refused, knock } = createStreamRig();
    state.bannedTenant = 'initech';
    const answers: unknown[] = [];
    for (const token of ['', 'expired', 'guest@acme', 'user@acme', 'moderator@acme', 'admin@initech']) {
      const decision = await knock(token === '' ? {} : { authorization: `Bearer ${token}` });
      if (decision.accept) throw new Error(`let ${token} in`);
      answers.push([token, decision.status, (JSON.parse(decision.body) as { error_code: string }).error_code]);
    }
    expect(answers).toEqual([
      ['', 401, 'AUTHENTICATION_FAILED'],
      ['expired', 401, 'TOKEN_EXPIRED'],
      ['guest@acme', 403, 'AUTHORIZATION_ERROR'],
      ['user@acme', 403, 'AUTHORIZATION_ERROR'],
      ['moderator@acme', 403, 'AUTHORIZATION_ERROR'],
      ['admin@initech', 403, 'BANNED'],
    ]);
    expect(refused).toEqual([
      'no_token',
      'token_expired',
      'telemetry_role',
      'telemetry_role',
      'telemetry_role',
      'banned',
    ]);
  });

  it('[PRT-2] a browser is told in a frame and a close code', async () => {
    const { knock, open, send, close, sign, drained, tell } = createStreamRig();
    const connection = open(await knock({ protocols: ['arqon.v1.json', 'bearer.user@acme'] }));
    expect(connection.envelopes().map(({ type, errorCode }) => [type, errorCode])).toEqual([
      ['error', 'AUTHORIZATION_ERROR'],
    ]);
    expect(connection.closeCode).toBe(4403);
    await tell();
    sign(connection);
    drained(connection);
    send(connection, '{"type":"subscribe"}');
    close(connection, 4403);
    expect(connection.frames).toHaveLength(1);
  });

  it('[PRT-1] speaks JSON alone', async () => {
    const { knock } = createStreamRig();
    const authorization = 'Bearer admin@acme';
    for (const protocols of [[], ['arqon.v1.json'], ['arqon.v1.proto', 'arqon.v1.json']]) {
      expect(await knock({ authorization, protocols })).toMatchObject({
        accept: true,
        protocol: protocols.at(-1) ?? '',
      });
    }
    for (const protocols of [['arqon.v1.proto'], ['arqon.v1.proto', 'bearer.admin@acme'], ['mqtt']]) {
      expect(await knock({ authorization, protocols })).toMatchObject({ accept: false, status: 400 });
    }
  });

  it('[PRT-23] at most 20 of a tenant, also when they came in at once', async () => {
    const { knock, open, connect, close } = createStreamRig();
    const decisions = await Promise.all(
      Array.from({ length: MAX_FOLLOWERS_PER_TENANT + 2 }, () => knock({ authorization: 'Bearer admin@acme' })),
    );
    const connections = decisions.map(open);
    expect(connections.map(({ closeCode }) => closeCode)).toEqual([
      ...Array.from({ length: MAX_FOLLOWERS_PER_TENANT }, () => undefined),
      4429,
      4429,
    ]);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: false, status: 429 });
    expect((await connect('admin@globex')).closeCode).toBeUndefined();
    const [first, late] = [connections[0], connections.at(-1)];
    if (first === undefined || late === undefined) throw new Error('nobody came in');
    close(late, 4429);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: false });
    close(first, 1000);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: true });
  });

  it('[PRT-23] nobody beyond the places of an address, while draining or without the Spine', async () => {
    const { state, spine, admission, knock, open } = createStreamRig();
    const [one, two, three] = [
      await knock({ authorization: 'Bearer admin@acme' }),
      await knock({ authorization: 'Bearer admin@acme' }),
      await knock({ authorization: 'Bearer admin@acme' }),
    ];
    while (admission.opened('203.0.113.9')) continue;
    expect(open(one).envelopes().at(-1)).toMatchObject({ errorCode: 'RATE_LIMITED' });
    admission.closed('203.0.113.9');
    await spine.close();
    expect(open(two).envelopes().at(-1)).toMatchObject({ errorCode: 'UNAVAILABLE' });
    expect(admission.opened('203.0.113.9')).toBe(true);
    state.isDraining = true;
    const late = open(three);
    expect([late.payloads(), late.closeCode]).toEqual([[{ retry_after_ms: 1000 }], errorTable.UNAVAILABLE.closeCode]);
    expect(await knock({ authorization: 'Bearer admin@acme' })).toMatchObject({ accept: false, status: 503 });
  });
});

describe('watching over the telemetry stream', () => {
  it('[PRT-5] pings the quiet and closes the silent 4408', async () => {
    const { clock, stream, connect, sign } = createStreamRig();
    const [alive, silent] = [await connect(), await connect()];
    clock.advance(DEFAULT_LIMITS.heartbeatMs - 1);
    stream.watch();
    expect([alive.pings, silent.pings]).toEqual([0, 0]);
    clock.advance(1);
    stream.watch();
    stream.watch();
    expect([alive.pings, silent.pings]).toEqual([1, 1]);
    sign(alive);
    clock.advance(DEFAULT_LIMITS.idleTimeoutMs - DEFAULT_LIMITS.heartbeatMs);
    stream.watch();
    expect([alive.closeCode, silent.closeCode]).toEqual([undefined, 4408]);
  });

  it('[PRT-6] closes 4401 when the token ends', async () => {
    const { clock, stream, connect, sign } = createStreamRig();
    const connection = await connect();
    clock.advance(3_600_000 - 1);
    sign(connection);
    stream.watch();
    expect(connection.closeCode).toBeUndefined();
    clock.advance(1);
    stream.watch();
    expect(connection.closeCode).toBe(4401);
  });

  it('[AUT-5] closes 4403 who was banned since', async () => {
    const { state, stream, connect } = createStreamRig();
    const [acme, globex] = [await connect('admin@acme'), await connect('admin@globex')];
    state.bannedTenant = 'acme';
    stream.watch();
    expect([acme.closeCode, globex.closeCode]).toEqual([4403, undefined]);
  });

  it('[DPL-3] drains: everybody is closed 1012, and it is over when the last one is gone', async () => {
    const { stream, connect, close } = createStreamRig();
    const [one, two] = [await connect(), await connect('admin@globex')];
    let isOver = false;
    const drained = stream.drain().then(() => {
      isOver = true;
    });
    expect([one.closeCode, two.closeCode]).toEqual([1012, 1012]);
    close(one, 1012);
    await turn();
    expect(isOver).toBe(false);
    close(two, 1012);
    await drained;
    await stream.drain();
  });
});
