import { connectRaw } from '@arqonbus/testkit';
import type { ConnectRawOptions, RawSocket } from '@arqonbus/testkit';
import { expect, test } from 'vitest';
import { busOnEach, listeners } from './harness/both-listeners.ts';
import { connectJson } from './harness/json-client.ts';
import { connectProto } from './harness/proto-client.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import type { Bus } from './harness/start-bus.ts';

const busOn = busOnEach({
  ...roomyLimits,
  ARQONBUS_LIMITS_CONNECTIONS_PER_USER: '3',
  ARQONBUS_SERVER_ALLOWED_ORIGINS: 'https://app.example.com',
  ARQONBUS_TELEMETRY_LOG_LEVEL: 'trace',
});

function knock(bus: Bus, options: Omit<ConnectRawOptions, 'port'>): Promise<RawSocket> {
  return connectRaw({ ...options, port: bus.port });
}

function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

const REFUSED = 'arqonbus_connections_refused_total{reason="user_connections"}';

function bodyOf(socket: RawSocket): unknown {
  return JSON.parse(socket.body);
}

async function firstFrame(socket: RawSocket): Promise<{ readonly opcode: number; readonly text: string }> {
  const { opcode, payload } = await socket.nextFrame();
  return { opcode, text: payload.toString('utf8') };
}

test.for(listeners)('[PRT-1] upgrades on its paths only (%s)', async (listener) => {
  const bus = busOn(listener);
  const token = await bus.token({ user: 'paths' });
  for (const path of ['/v1/socket', '/ws', '/']) {
    const socket = await knock(bus, { path, headers: bearer(token) });
    expect([path, socket.status, socket.headers['sec-websocket-protocol']]).toEqual([path, 101, undefined]);
    expect(JSON.parse((await firstFrame(socket)).text)).toMatchObject({
      type: 'system',
      payload: { event: 'welcome' },
    });
    socket.destroy();
  }
  for (const path of ['/v2/socket', '/v1/socket/', '/WS', '/v1/../ws', '//ws', '/%77s']) {
    const socket = await knock(bus, { path, headers: bearer(token) });
    expect([path, socket.status, bodyOf(socket)]).toMatchObject([path, 404, { error_code: 'NOT_FOUND' }]);
  }
});

test.for(listeners)(
  '[PRT-1] takes the first subprotocol that it knows, JSON where none is offered (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const headers = bearer(await bus.token({ user: 'protocols' }));
    const cases: readonly (readonly [string[], string | undefined, number])[] = [
      [[], undefined, 1],
      [['arqon.v1.json'], 'arqon.v1.json', 1],
      [['arqon.v1.proto'], 'arqon.v1.proto', 2],
      [['mqtt', 'arqon.v1.proto', 'arqon.v1.json'], 'arqon.v1.proto', 2],
      [['arqon.v2.json', 'arqon.v1.json', 'arqon.v1.proto'], 'arqon.v1.json', 1],
    ];
    for (const [protocols, chosen, opcode] of cases) {
      const socket = await knock(bus, { headers, ...(protocols.length > 0 ? { protocols } : {}) });
      expect([socket.status, socket.headers['sec-websocket-protocol']]).toEqual([101, chosen]);
      expect((await firstFrame(socket)).opcode).toBe(opcode);
      socket.destroy();
    }
    for (const protocols of [['mqtt'], ['arqon.v2.json'], ['ARQON.V1.JSON'], ['graphql-ws', 'mqtt']]) {
      const socket = await knock(bus, { headers, protocols });
      expect([socket.status, bodyOf(socket)]).toMatchObject([400, { error_code: 'VALIDATION_ERROR', details: {} }]);
    }
  },
);

test.for(listeners)(
  '[PRT-2] a token as subprotocol lets in, beside a known one only, and is never echoed (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const token = await bus.token({ user: 'browser' });
    for (const protocols of [
      ['arqon.v1.json', `bearer.${token}`],
      [`bearer.${token}`, 'arqon.v1.json'],
    ]) {
      const socket = await knock(bus, { protocols });
      expect([socket.status, socket.headers['sec-websocket-protocol']]).toEqual([101, 'arqon.v1.json']);
      expect(JSON.stringify(socket.headers)).not.toContain('bearer');
      expect((await firstFrame(socket)).text).toContain('"welcome"');
      socket.destroy();
    }
    for (const protocols of [[`bearer.${token}`], [`bearer.${token}`, 'mqtt']]) {
      const socket = await knock(bus, { protocols });
      expect([socket.status, bodyOf(socket)]).toMatchObject([400, { error_code: 'VALIDATION_ERROR' }]);
      expect(socket.body + JSON.stringify(socket.headers)).not.toContain(token);
    }
  },
);

async function badTokens(bus: Bus): Promise<readonly (readonly [string, string, string])[]> {
  const good = await bus.token();
  const [head = '', claims = '', signature = ''] = good.split('.');
  const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
  return [
    ['expired', await bus.token({ ttlMs: -1_000 }), 'TOKEN_EXPIRED'],
    ['another signature', `${head}.${claims}.${flipped}`, 'AUTHENTICATION_FAILED'],
    [
      'other claims',
      `${head}.${Buffer.from('{"sub":"root"}').toString('base64url')}.${signature}`,
      'AUTHENTICATION_FAILED',
    ],
    ['alg none', `${none}.${claims}.`, 'AUTHENTICATION_FAILED'],
    ['no token at all', 'hunter2', 'AUTHENTICATION_FAILED'],
  ];
}

test.for(listeners)('[PRT-2] a bad token in a header is a 401 with a JSON body (%s)', async (listener) => {
  const bus = busOn(listener);
  for (const [title, token, code] of await badTokens(bus)) {
    const socket = await knock(bus, { headers: bearer(token) });
    expect([title, socket.status, socket.headers['www-authenticate']]).toEqual([title, 401, 'Bearer']);
    expect(socket.headers['content-type']).toContain('application/json');
    expect(bodyOf(socket)).toEqual({ error: expect.any(String), error_code: code, details: {} });
    expect(socket.body).not.toContain(token);
  }
  for (const headers of [{}, { authorization: 'Basic YWxpY2U6aHVudGVyMg==' }, { authorization: 'Bearer' }]) {
    const socket = await knock(bus, { headers });
    expect([socket.status, bodyOf(socket)]).toMatchObject([401, { error_code: 'AUTHENTICATION_FAILED' }]);
  }
});

test.for(listeners)('[PRT-2] a bad token as subprotocol is one error frame and 4401 (%s)', async (listener) => {
  const bus = busOn(listener);
  for (const [title, token, code] of await badTokens(bus)) {
    if (token.endsWith('.')) continue;
    const socket = await knock(bus, { protocols: ['arqon.v1.json', `bearer.${token}`] });
    expect([title, socket.status]).toEqual([title, 101]);
    const frame = JSON.parse((await firstFrame(socket)).text) as object;
    expect(frame).toMatchObject({ type: 'error', status: 'error', error_code: code, error: expect.any(String) });
    expect((await socket.closed()).code).toBe(4401);
    expect(socket.pending()).toBe(1);
  }
  const binary = await knock(bus, { protocols: ['arqon.v1.proto', 'bearer.x.y.z'] });
  expect((await firstFrame(binary)).opcode).toBe(2);
  expect((await binary.closed()).code).toBe(4401);
});

test.for(listeners)('[PRT-2] a banned user is refused 403, a browser 4403 (%s)', async (listener) => {
  const bus = busOn(listener);
  const admin = await bus.connect({ user: 'root', role: 'admin' });
  await admin.must('op.session.disconnect', { user: 'mallory', ban_for_ms: 600_000 });
  const token = await bus.token({ user: 'mallory' });
  await expect.poll(async () => (await knock(bus, { headers: bearer(token) })).status).toBe(403);
  const refused = await knock(bus, { headers: bearer(token) });
  expect(bodyOf(refused)).toMatchObject({ error_code: 'BANNED', details: { until: expect.any(String) } });
  const browser = await knock(bus, { protocols: ['arqon.v1.json', `bearer.${token}`] });
  expect(JSON.parse((await firstFrame(browser)).text)).toMatchObject({ type: 'error', error_code: 'BANNED' });
  expect((await browser.closed()).code).toBe(4403);
  admin.end();
});

test.for(listeners)(
  '[PRT-2] over the cap of a user: 429 and when to try again, a browser 4429 (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const token = await bus.token({ user: 'many' });
    const open = await Promise.all([1, 2, 3].map(() => bus.connect({ user: 'many' })));
    // Another Shield's connections are known within a second; until then one too many is let in and ended.
    await expect.poll(async () => (await knock(bus, { headers: bearer(token) })).status).toBe(429);
    const before = await bus.metric(REFUSED);
    const refused = await knock(bus, { headers: bearer(token) });
    expect([refused.status, bodyOf(refused)]).toMatchObject([
      429,
      { error_code: 'QUOTA_EXCEEDED', details: { retry_after_ms: expect.any(Number) } },
    ]);
    const browser = await knock(bus, { protocols: ['arqon.v1.json', `bearer.${token}`] });
    const frame = JSON.parse((await firstFrame(browser)).text) as object;
    expect(frame).toMatchObject({ error_code: 'QUOTA_EXCEEDED', payload: { retry_after_ms: expect.any(Number) } });
    expect((await browser.closed()).code).toBe(4429);
    expect(await bus.metric(REFUSED)).toBe(before + 2);
    open[0]?.end();
    await expect
      .poll(() =>
        bus.connect({ user: 'many' }).then(
          (client) => client.end(),
          () => 'refused',
        ),
      )
      .toBeUndefined();
    for (const client of open) client.end();
  },
);

test.for(listeners)(
  '[PRT-2] a page of another origin is refused 403, with a token as subprotocol 4403 (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const token = await bus.token({ user: 'pages' });
    const foreign = [
      'https://evil.example',
      'https://app.example.com.evil.example',
      'https://evil-app.example.com',
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://APP.example.com',
      'null',
    ];
    for (const origin of foreign) {
      const socket = await knock(bus, { headers: { ...bearer(token), origin } });
      expect([origin, socket.status, bodyOf(socket)]).toMatchObject([
        origin,
        403,
        { error_code: 'AUTHORIZATION_ERROR' },
      ]);
    }
    const page = { headers: { origin: 'https://evil.example' }, protocols: ['arqon.v1.json', `bearer.${token}`] };
    expect((await (await knock(bus, page)).closed()).code).toBe(4403);
    const own = await knock(bus, { headers: { ...bearer(token), origin: 'https://app.example.com' } });
    expect(own.status).toBe(101);
    own.destroy();
  },
);

test.for(listeners)('[PRT-4] the welcome tells all that a client has to know (%s)', async (listener) => {
  const bus = busOn(listener);
  const order = { user: 'new@example.com', tenant: 'acme', ttlMs: 60_000 };
  const json = await connectJson({ port: bus.port, token: await bus.token(order) });
  const proto = await connectProto({ port: bus.port, token: await bus.token(order) });
  const rfc3339 = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  for (const { welcome } of [json, proto]) {
    expect(welcome).toEqual({
      event: 'welcome',
      client_id: expect.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/),
      session_id: expect.any(String),
      user: 'new@example.com',
      tenant: 'acme',
      protocol: '1.0',
      server_time: rfc3339,
      heartbeat_ms: 25_000,
      limits: {
        max_frame_bytes: 65_536,
        max_subscriptions: 128,
        messages_per_second: 1_000_000,
        bytes_per_second: 1_073_741_824,
        commands_per_second: 100_000,
        max_depth: 32,
        history_page: 1_000,
        recovery_page: 300,
      },
      token_expires_at: rfc3339,
      resume_token: expect.stringMatching(/^[A-Za-z0-9_-]{64,}$/),
    });
    const expiresInMs = Date.parse(String(welcome['token_expires_at'])) - Date.now();
    expect(expiresInMs).toBeGreaterThan(50_000);
    expect(expiresInMs).toBeLessThanOrEqual(60_000);
  }
  expect(json.welcome['client_id']).not.toBe(proto.welcome['client_id']);
  expect(json.welcome['session_id']).not.toBe(proto.welcome['session_id']);
  for (const client of [json, proto]) client.end();
});

test.for(listeners)(
  '[PRT-2] [TEL-1] no token reaches the log, however it came and however it was taken (%s)',
  async (listener) => {
    const bus = busOn(listener);
    const tokens = [await bus.token({ user: 'logged' }), await bus.token({ user: 'logged', ttlMs: -5_000 })];
    for (const token of tokens) {
      for (const options of [
        { headers: bearer(token) },
        { protocols: ['arqon.v1.json', `bearer.${token}`] },
        { path: `/v1/socket?token=${token}` },
      ]) {
        (await knock(bus, options)).destroy();
      }
    }
    await expect.poll(() => bus.log()).toContain('client_connected');
    for (const part of tokens.flatMap((token) => token.split('.').slice(1))) expect(bus.log()).not.toContain(part);
  },
);
