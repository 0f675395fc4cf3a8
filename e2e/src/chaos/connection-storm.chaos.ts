import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from '../faults/harness/fault-cluster.ts';
import type { FaultCluster } from '../faults/harness/fault-cluster.ts';
import { report } from '../faults/harness/report.ts';
import { runStorm } from '../faults/harness/storm.ts';

// R-31 at its full size. Rate and queue of admission are those that are shipped; caps of users and addresses are not.
const CONNECTIONS = 10_000;
const AT_ONCE = 2_000;
const MAX_LAG_MS = 1_000;

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    ARQONBUS_LIMITS_CONNECTIONS_PER_TENANT: '100000',
    ARQONBUS_TELEMETRY_LOG_LEVEL: 'error',
  });
}, 60_000);

afterAll(() => bus.stop(), 60_000);

test('[PRT-2] [PRD-5] R-31: 10,000 connections with a token and three joins each over two Shields', async () => {
  const { sockets, ...result } = await runStorm(bus, { count: CONNECTIONS, atOnce: AT_ONCE });
  const { failures, ...figures } = result;
  report('a storm of 10,000', { ...figures, failures: failures.length });
  expect(failures).toEqual([]);
  expect(result.opened).toBe(CONNECTIONS);
  expect(result.maxLagMs).toBeLessThan(MAX_LAG_MS);
  const witness = await bus.connect(0, { user: 'witness' });
  await expect
    .poll(async () => (await witness.command('status')).payload['connections'], { timeout: 15_000 })
    .toBe(CONNECTIONS + 1);
  for (const socket of sockets) socket.destroy();
  await expect.poll(async () => (await witness.command('status')).payload['connections'], { timeout: 15_000 }).toBe(1);
  witness.end();
});
