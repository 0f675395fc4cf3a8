import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';

const TOKEN = 'op-4f1d7a90c2e84b6f9d35aa01e7c8b264';
const [NEAR, CUT] = [0, 1];
let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_HTTP_ADMIN_TOKEN: TOKEN, ARQONBUS_NATS_PING_INTERVAL_MS: '500' });
});

afterAll(() => bus.stop());

async function ask(shield: number, path: string, method = 'GET', value?: unknown): Promise<Record<string, unknown>> {
  const url = bus.shields[shield]?.addresses()['http_url'] ?? '';
  const response = await fetch(`${url}/settings/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    ...(value === undefined ? {} : { body: JSON.stringify({ value }) }),
  });
  return { status: response.status, ...((await response.json()) as object) };
}

test(
  '[CFG-1] [SPN-6] a Shield that was cut off has every change and reset when it is back',
  { timeout: 30_000 },
  async () => {
    await ask(NEAR, 'limits.max_targets', 'PUT', 5);
    await expect.poll(() => ask(CUT, 'limits.max_targets')).toMatchObject({ value: 5 });
    bus.spineProxy.cut();
    await expect.poll(async () => (await bus.health(CUT, 'ready')).code, { timeout: 10_000 }).toBe(503);
    await ask(NEAR, 'limits.history_page', 'PUT', 7);
    await ask(NEAR, 'limits.max_targets', 'DELETE');
    await expect.poll(() => ask(NEAR, 'limits.history_page')).toMatchObject({ value: 7 });
    expect(await ask(CUT, 'limits.history_page')).toMatchObject({ value: 1_000 });
    expect(await ask(CUT, 'limits.max_subscriptions', 'PUT', 3)).toMatchObject({
      status: 503,
      error_code: 'UNAVAILABLE',
    });
    bus.spineProxy.heal();
    await expect.poll(() => ask(CUT, 'limits.history_page'), { timeout: 10_000 }).toMatchObject({ value: 7 });
    await expect.poll(() => ask(CUT, 'limits.max_targets')).toMatchObject({ value: 64 });
  },
);

test('[CFG-1] a change outlives the restart of a Shield', { timeout: 30_000 }, async () => {
  await ask(NEAR, 'access.default', 'PUT', 'closed');
  await expect.poll(() => ask(CUT, 'access.default')).toMatchObject({ value: 'closed' });
  await bus.shields[CUT]?.stop();
  await bus.restartShield(CUT);
  expect(await ask(CUT, 'access.default')).toMatchObject({ value: 'closed', configured: 'open' });
  const client = await bus.connect(CUT);
  expect((await client.command('join_channel', { room: 'lab', channel: 'bench' })).code).toBe('AUTHORIZATION_ERROR');
});
