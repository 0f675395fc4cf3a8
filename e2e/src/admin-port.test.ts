import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;

beforeAll(async () => {
  bus = await startBus();
});
afterAll(() => bus.stop());

test('[TEL-2] the admin port tells health, version and metrics, and nothing else', async () => {
  const client = await bus.connect();
  const get = async (path: string): Promise<readonly [number, string | null, string]> => {
    const response = await fetch(`${bus.httpUrl}${path}`);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  const json = 'application/json; charset=utf-8';
  expect(await get('/health/live')).toEqual([200, json, '{"status":"ok"}']);
  const [readyStatus, , ready] = await get('/health/ready');
  expect([readyStatus, JSON.parse(ready)]).toEqual([
    200,
    {
      status: 'ok',
      checks: { spine: 'ok', bans: 'ok', grants: 'ok', casil: 'ok', schemas: 'ok', policies: 'ok', brain: 'ok' },
    },
  ]);
  const [, , health] = await get('/health');
  expect(JSON.parse(health)).toMatchObject({
    status: 'ok',
    version: expect.any(String),
    uptime_seconds: expect.any(Number),
  });
  const [, , version] = await get('/version');
  const build = JSON.parse(
    readFileSync(new URL('../../packages/cli/dist/build.json', import.meta.url), 'utf8'),
  ) as unknown;
  expect(JSON.parse(version)).toMatchObject({ name: expect.stringMatching(/^arqonbus/), protocol: '1.0', build });
  const [status, type, metrics] = await get('/metrics');
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  for (const line of metrics.trimEnd().split('\n')) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) arqonbus_\w+ .+|arqonbus_\w+(\{[^}]*\})? -?[\d.eE+-]+|arqonbus_\w+(\{[^}]*\})? \+?Inf)$/,
    );
  }
  expect(await bus.metric('arqonbus_connections')).toBe(1);
  for (const path of ['/', '/nowhere', '/metrics/', '/health/../metrics/x', '/v1/socket']) {
    const [missing, missingType, body] = await get(path);
    expect([path, missing, missingType, JSON.parse(body)]).toEqual([
      path,
      404,
      json,
      { error: 'There is no such thing.', error_code: 'NOT_FOUND', details: {} },
    ]);
  }
  client.end();
});
