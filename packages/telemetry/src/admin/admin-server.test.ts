import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BusError } from '@arqonbus/protocol';
import { createMetrics } from '../metrics/metrics.ts';
import { createAdminServer } from './admin-server.ts';
import type { AdminServer, ExtraRoute } from './admin-server.ts';
import type { HealthReport } from './health-report.ts';
import type { OperatorAnswer, OperatorRequest } from './operator-routes.ts';

const version = {
  name: 'arqonbus-shield',
  version: '0.1.0',
  protocol: '1.0',
  gitCommit: '4084929',
  buildDate: '2026-03-14T09:26:53.589Z',
};

let server: AdminServer;
let port: number;
let health: () => HealthReport;
const extraRoutes = new Map<string, ExtraRoute>();
const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
const operator = {
  prefix: '/settings',
  token: TOKEN,
  handle: (request: OperatorRequest): Promise<OperatorAnswer> => handle(request),
};
let handle: (request: OperatorRequest) => Promise<OperatorAnswer>;

beforeEach(async () => {
  health = () => ({ ready: true, checks: { listener: 'ok', spine: 'ok' } });
  operator.token = TOKEN;
  handle = ({ method, path, body }) => Promise.resolve({ status: 200, body: { method, path, body } });
  const metrics = createMetrics();
  metrics.counter('arqonbus_messages_in_total', 'Messages.').inc(7);
  const now = (): number => Date.parse('2026-03-14T10:00:00.000Z');
  const uptimeSeconds = (): number => 12.7;
  server = createAdminServer({
    metrics,
    health: () => health(),
    version,
    extraRoutes,
    operator: [operator],
    now,
    uptimeSeconds,
  });
  port = await server.listen('127.0.0.1', 0);
});

afterEach(async () => {
  extraRoutes.clear();
  await server.close();
});

function get(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, init);
}

/** Sends bytes as they are and returns the whole answer. */
async function sendRaw(text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
  socket.end(text);
  await once(socket, 'close');
  return answer;
}

describe('health', () => {
  it('says that the process lives, whatever else is wrong', async () => {
    health = () => ({ ready: false, checks: { spine: 'down' } });
    const response = await get('/health/live');
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready, degraded or unavailable', async () => {
    expect([(await get('/health/ready')).status, await (await get('/health/ready')).json()]).toEqual([
      200,
      { status: 'ok', checks: { listener: 'ok', spine: 'ok' } },
    ]);
    health = () => ({ ready: true, checks: { listener: 'ok', valkey: 'down' } });
    expect(await (await get('/health/ready')).json()).toMatchObject({ status: 'degraded' });
    health = () => ({ ready: false, checks: { spine: 'down' } });
    const response = await get('/health/ready');
    expect([response.status, await response.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { spine: 'down' } },
    ]);
  });

  it('tells version, uptime and time beside the checks', async () => {
    expect(await (await get('/health')).json()).toEqual({
      status: 'ok',
      version: '0.1.0',
      uptime_seconds: 12,
      timestamp: '2026-03-14T10:00:00.000Z',
      checks: { listener: 'ok', spine: 'ok' },
    });
  });

  it('answers a check that throws without its text', async () => {
    health = () => {
      throw new Error('postgres://user:hunter2@db');
    };
    const response = await get('/health');
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      error_code: 'INTERNAL_ERROR',
      error: expect.not.stringContaining('hunter2'),
    });
  });
});

describe('the other routes', () => {
  it('tell the version', async () => {
    expect(await (await get('/version')).json()).toEqual({
      name: 'arqonbus-shield',
      version: '0.1.0',
      protocol: '1.0',
      build: { git_commit: '4084929', build_date: '2026-03-14T09:26:53.589Z' },
    });
  });

  it('[TEL-2] show the metrics', async () => {
    const response = await get('/metrics?format=any');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('arqonbus_messages_in_total 7\n');
  });

  it('can be added to, for GET', async () => {
    expect((await get('/chat')).status).toBe(404);
    extraRoutes.set('/chat', { contentType: 'text/html; charset=utf-8', body: '<!doctype html><title>Zoë</title>' });
    extraRoutes.set('/chat.bin', { contentType: 'application/octet-stream', body: Uint8Array.of(1, 2, 255) });
    const page = await get('/chat');
    expect([page.headers.get('content-type'), await page.text()]).toEqual([
      'text/html; charset=utf-8',
      '<!doctype html><title>Zoë</title>',
    ]);
    expect(new Uint8Array(await (await get('/chat.bin')).arrayBuffer())).toEqual(Uint8Array.of(1, 2, 255));
    expect((await get('/chat', { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('answer HEAD without a body', async () => {
    const response = await get('/metrics', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('everything else', () => {
  it.each([
    '/',
    '/favicon.ico',
    '/health/',
    '/healthz',
    '/Health',
    '/metrics/',
    '/admin',
    '/health/live/..',
    '/__proto__',
  ])('%s is not found, in JSON', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'There is no such thing.', error_code: 'NOT_FOUND', details: {} });
  });

  it.each([
    '//metrics',
    '/%6detrics',
    '/metrics%2f',
    '/x/../metrics',
    '/..;/metrics',
    'http://other/metrics',
    '/metrics;a=1',
    '*',
  ])('the spelling %s reaches no route', async (path) => {
    const answer = await sendRaw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is not allowed on a route', async (method) => {
    const response = await get('/metrics', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('has the security headers and does not name its software', async () => {
    for (const path of ['/metrics', '/nowhere']) {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cache-control')).toBe('no-store');
      expect([headers.get('x-powered-by'), headers.get('server'), headers.get('access-control-allow-origin')]).toEqual([
        null,
        null,
        null,
      ]);
    }
  });

  it('refuses headers over 8 KiB', async () => {
    const answer = await sendRaw(`GET /metrics HTTP/1.1\r\nHost: x\r\nCookie: ${'c'.repeat(9_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('says so when the port is taken', async () => {
    const second = createAdminServer({ metrics: createMetrics(), health, version });
    await expect(second.listen('127.0.0.1', port)).rejects.toMatchObject({ name: 'BusError', code: 'UNAVAILABLE' });
  });

  it('lets no idle connection hold up its end', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await server.close();
    await closed;
    port = await server.listen('127.0.0.1', 0);
    expect((await get('/health/live')).status).toBe(200);
  });
});

describe("the operator's routes", () => {
  const authorization = `Bearer ${TOKEN}`;
  const ask = async (path: string, init: RequestInit = {}): Promise<readonly [number, unknown]> => {
    const response = await get(path, { headers: { authorization }, ...init });
    return [response.status, await response.json()];
  };

  it('[CFG-4] are handed method, path and body of who has the token', async () => {
    const request = { method: 'PUT', path: '/settings/limits.history_page', body: '{"value": 7}' };
    expect(await ask(`${request.path}?x=1`, { method: 'PUT', headers: { authorization }, body: request.body })).toEqual(
      [200, request],
    );
    expect(await ask('/settings')).toEqual([200, { method: 'GET', path: '/settings', body: '' }]);
  });

  it.each([
    '',
    'Bearer ',
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN}x`,
    `bearer ${TOKEN}`,
    TOKEN,
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN.toUpperCase()}`,
  ])('[CFG-4] are shut to who shows %j', async (wrong) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const [status, body] = await ask('/settings', { method, headers: { authorization: wrong } });
      expect([status, body]).toMatchObject([401, { error_code: 'AUTHENTICATION_FAILED' }]);
    }
  });

  it('[CFG-4] are shut to all where there is no token, an empty one too', async () => {
    operator.token = '';
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization }]) {
      expect(await ask('/settings', { headers })).toMatchObject([403, { error_code: 'FEATURE_DISABLED' }]);
    }
  });

  it('are no neighbours of other paths', async () => {
    for (const path of ['/settingsx', '/Settings', '//settings', '/%73ettings']) {
      expect(await ask(path)).toMatchObject([404, { error_code: 'NOT_FOUND' }]);
    }
  });

  it('[PRT-10] tell the code and text of a refusal, and nothing of a failure', async () => {
    handle = () => Promise.reject(new BusError('VALIDATION_ERROR', 'limits.history_page is 0.'));
    const refusal = { error: 'limits.history_page is 0.', error_code: 'VALIDATION_ERROR', details: {} };
    expect(await ask('/settings')).toEqual([400, refusal]);
    handle = () => Promise.reject(new TypeError('secret detail'));
    const [status, body] = await ask('/settings');
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('secret')]);
  });

  it('[PRD-5] take bodies of 4 KiB, and answer those that are longer', async () => {
    const put = (bytes: number): ReturnType<typeof ask> =>
      ask('/settings', { method: 'PUT', headers: { authorization }, body: 'x'.repeat(bytes) });
    expect((await put(4_096))[0]).toBe(200);
    expect(await put(4_097)).toMatchObject([413, { error_code: 'PAYLOAD_TOO_LARGE' }]);
    expect((await get('/health/live')).status).toBe(200);
  });
});
