import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import { BusError } from '@arqonbus/protocol';
import { createLogger, createMetrics } from '@arqonbus/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { createBridgeMetrics } from '../bridge-metrics.ts';
import { createCallerRates } from '../caller/caller-rates.ts';
import type { Caller } from '../caller/caller.ts';
import type { RouteRequest } from '../routes/route.ts';
import { createLogBug } from '../log-bug.ts';
import { createAnswerRequest } from './answer-request.ts';

const caller: Caller = {
  principal: { tenant: 'acme', user: 'bob', role: 'user', permissions: [], capabilities: [], name: '' },
  sender: 'bridge',
};

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function createRig(run: (request: RouteRequest) => Promise<object>, maxInFlight = 10) {
  const metrics = createMetrics();
  const logged: string[] = [];
  const logger = createLogger({ level: 'error', destination: { write: (line: string) => void logged.push(line) } });
  const answer = createAnswerRequest({
    routes: [{ name: 'echo', method: 'POST', path: '/v1/echo', summary: '', result: { type: 'object' }, run }],
    identify: async (authorization) => {
      if (authorization === '') throw new BusError('AUTHENTICATION_FAILED');
      return caller;
    },
    rates: createCallerRates(3, () => 0),
    observer: createBridgeMetrics(metrics),
    onBug: createLogBug(logger),
    monotonicMs: () => 0,
    maxBodyBytes: 1_024,
    maxInFlight,
    signal: new AbortController().signal,
  });
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const post = async (body: string, headers: Readonly<Record<string, string>> = { authorization: 'Bearer x' }) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/echo`, { method: 'POST', body, headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as object };
  };
  return { post, port, metrics, logged };
}

describe('a request', () => {
  it('[BRG-1] is answered with what its route makes of it, and counted by its route', async () => {
    const { post, metrics } = await createRig(async ({ body, idempotencyKey }) => ({
      size: body.length,
      idempotencyKey,
    }));
    const { status, body } = await post('abc', { authorization: 'Bearer x', 'idempotency-key': 'k' });
    expect([status, body]).toEqual([200, { size: 3, idempotencyKey: 'k' }]);
    expect(metrics.render()).toContain('arqonbus_bridge_requests_total{route="echo"} 1');
    expect(metrics.render()).toContain('arqonbus_bridge_requests_in_flight 0');
  });

  it('[PRT-10] [BRG-1] is told of a bug of ours an id to find it by, and nothing else', async () => {
    const { post, logged } = await createRig(() => Promise.reject(new TypeError('postgres://user:hunter2@db')));
    const { status, body } = await post('{}');
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('hunter2')]);
    const { trace_id: traceId } = (body as { details: { trace_id: string } }).details;
    expect(logged.join('')).toContain(traceId);
  });

  it('[PRD-5] is refused once its body is too long, told so or not', async () => {
    const { post, port } = await createRig(async () => ({}));
    expect(await post('x'.repeat(1_025))).toMatchObject({ status: 413, body: { error_code: 'PAYLOAD_TOO_LARGE' } });
    const socket = connect(port, '127.0.0.1');
    const head = 'POST /v1/echo HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ntransfer-encoding: chunked\r\n\r\n';
    socket.write(`${head}800\r\n${'x'.repeat(2_048)}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('[PRT-23] is refused once its caller sends too many, and told when to come again', async () => {
    const { post } = await createRig(async ({ charge }) => {
      charge(2);
      return {};
    });
    expect((await post('{}')).status).toBe(200);
    const refused = await post('{}');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(refused.body).toMatchObject({ error_code: 'RATE_LIMITED', details: { retry_after_ms: 334 } });
  });

  it('[PRD-5] is told to come again while too many are being answered', async () => {
    let release = (): void => undefined;
    const released = new Promise<object>((resolve) => {
      release = () => resolve({});
    });
    let hasBegun = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      hasBegun = resolve;
    });
    const { post } = await createRig(() => {
      hasBegun();
      return released;
    }, 1);
    const first = post('{}');
    await begun;
    const second = await post('{}');
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    release();
    expect((await first).status).toBe(200);
  });

  it('[AUT-4] is not read before it is known who sends it, and no page of a browser may read the answer', async () => {
    const { post } = await createRig(() => Promise.reject(new Error('was run')));
    const { status, headers } = await post('x'.repeat(9_000), { origin: 'https://evil.example' });
    expect(status).toBe(401);
    const shown = ['access-control-allow-origin', 'x-powered-by', 'server'].map((name) => headers.get(name));
    expect(shown).toEqual([null, null, null]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
