import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFastClock } from '../harness/fast-clock.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { runGrayShield } from './harness/gray-shield.ts';
import { report } from './harness/report.ts';
import { runSlowShield } from './harness/slow-shield.ts';

// The full size is in `npm run chaos`: 60 s, and 200 MB before the 64 MiB that NATS holds for a connection by itself.
const RULES = [{ pattern: '*:live', profile: 'live' }];
const MIB = 1_048_576;

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LOG_RULES: JSON.stringify(RULES) }, 'max_pending: 8MB');
});

afterAll(() => bus.stop());

test('[PRT-5] [PRS-2] [LOG-8] R-04: a Shield that stood still for longer than its lease goes on with nothing lost, stale or out of order', async () => {
  const options = { frozenMs: 11_500, publishEveryMs: 40, clock: createFastClock(8) };
  const result = await runGrayShield(bus, 'gray', options);
  report('a Shield stood still', { 'stood ms': options.frozenMs, ...result });
  expect(result.unreadyMs).toBeLessThan(10_000);
  expect(result.clientBackMs).toBeLessThan(10_000);
  expect(result.bannedMs).toBeLessThan(1_000);
  expect(result.stayedCloseCode).toBe(0);
});

test('[SPN-4] [LOG-8] R-29: a Shield that does not read while much flows is cut off by NATS, and no gap goes unnoticed', async () => {
  const result = await runSlowShield(bus, 'slow', { flowBytes: 24 * MIB, messageBytes: 20_000 });
  report('a Shield that did not read 24 MiB', { ...result });
  expect(result.natsMiB - result.natsBeforeMiB).toBeLessThan(128);
});
