import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFaultCluster } from '../faults/harness/fault-cluster.ts';
import type { FaultCluster } from '../faults/harness/fault-cluster.ts';
import { runGrayShield } from '../faults/harness/gray-shield.ts';
import { report } from '../faults/harness/report.ts';
import { runSlowShield } from '../faults/harness/slow-shield.ts';

// at their full size; NATS holds what it holds by itself (64 MiB for a connection).
const MIB = 1_048_576;
const RULES = [{ pattern: '*:live', profile: 'live' }];

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    ARQONBUS_LOG_RULES: JSON.stringify(RULES),
    ARQONBUS_LOG_STREAM_MAX_BYTES: String(512 * MIB),
  });
}, 60_000);

afterAll(() => bus.stop(), 60_000);

/** Fewer in a minute than a log keeps (500): the Shield goes on once the client is back, after 35 s. */
const PUBLISH_EVERY_MS = 150;

test.for([5_000, 20_000, 60_000])(
  '[PRT-5] [PRS-2] [LOG-8] R-04: a Shield that stood still for %i ms goes on with nothing lost, stale or out of order',
  async (frozenMs) => {
    const result = await runGrayShield(bus, `gray-${frozenMs}`, { frozenMs, publishEveryMs: PUBLISH_EVERY_MS });
    report(`a Shield stood still for ${frozenMs / 1_000} s`, { ...result });
    expect(result.unreadyMs).toBeLessThan(10_000);
    expect(result.clientBackMs).toBeLessThan(45_000);
    expect(result.bannedMs).toBeLessThan(1_000);
  },
);

test('[SPN-4] [LOG-8] R-29: a Shield that does not read while 200 MB flow is cut off by NATS, and no gap goes unnoticed', async () => {
  const result = await runSlowShield(bus, 'slow', { flowBytes: 200_000_000, messageBytes: 60_000 });
  report('a Shield that did not read 200 MB', { ...result });
  // What it may hold for one connection, what it is writing to it, and what Go's collector lets lie.
  expect(result.natsMiB - result.natsBeforeMiB).toBeLessThan(256);
});
