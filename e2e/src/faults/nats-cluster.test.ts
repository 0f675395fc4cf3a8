import { natsReleases } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FaultCluster } from './harness/fault-cluster.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { report } from './harness/report.ts';
import {
  FAILOVER_TIMEOUT_MS,
  expectOneHistory,
  gather,
  more,
  startOnThreeNats,
  startWriting,
} from './harness/three-nats.ts';

let bus: FaultCluster;

beforeAll(async () => {
  // Each at its full length, on every release: `npm run chaos`.
  bus = await startOnThreeNats(natsReleases().at(-1) ?? 'packaged');
}, 60_000);

afterAll(() => bus.stop());

test('[LOG-7] [LOG-8] [SPN-6] R-12: what is written at a NATS server that is cut off is refused, and its readers hear what they missed once it is back', async () => {
  const { writers, readers, end } = await gather(bus, 'copies', 'parted');
  const loads = startWriting(writers, 'copies:parted');
  const [near, far] = loads as [(typeof loads)[0], (typeof loads)[0]];
  await Promise.all(loads.map((load) => more(load, 30)));

  bus.natsCluster.isolate(0);
  const cutAt = performance.now();
  const [writer] = writers as [FollowedClient];
  const code = async (): Promise<string> => (await writer.publish('copies:parted', 'refused?')).code;
  await expect.poll(code, { timeout: FAILOVER_TIMEOUT_MS }).toMatch(/^(UNAVAILABLE|TIMEOUT)$/);
  const refusedMs = performance.now() - cutAt;
  const takenBefore = near.acknowledged();
  // Nobody is let in, either, where it is not known who is banned.
  await expect.poll(async () => (await bus.health(0, 'ready')).code, { timeout: FAILOVER_TIMEOUT_MS }).toBe(503);
  await more(far, 60);
  expect(near.acknowledged()).toBe(takenBefore);
  expect((await bus.health(1, 'ready')).code).toBe(200);

  bus.natsCluster.heal();
  const healedMs = await more(near, 30);
  const acknowledged = await Promise.all(loads.map((load) => load.stop()));
  await expectOneHistory(readers, acknowledged);
  report('a NATS server cut off', { 'refused ms': refusedMs, 'taken again ms': healedMs });
  end();
}, 120_000);
