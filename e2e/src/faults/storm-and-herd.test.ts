import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBalancer } from './harness/balancer.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { gatherHerd } from './harness/herd.ts';
import { report } from './harness/report.ts';
import { runStorm } from './harness/storm.ts';

// The full size is in the chaos run: connection-storm, thundering-herd.
const CONNECTIONS = 300;
const CLIENTS = 100;

let bus: FaultCluster;

beforeAll(async () => {
  bus = await startFaultCluster({
    // So small that the queue of admission is needed, and is full at times.
    ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_SECOND: '60',
    ARQONBUS_LIMITS_CONNECT_QUEUE_MS: '500',
  });
});

afterAll(() => bus.stop());

test('[PRT-2] [PRD-5] R-31: 300 connections at once are let in or told when to come back, and all are in at last', async () => {
  const { sockets, failures, ...figures } = await runStorm(bus, { count: CONNECTIONS, atOnce: CONNECTIONS });
  const witness = await bus.connect(0, { user: 'witness' });
  const connections = async (): Promise<unknown> => (await witness.must('status'))['connections'];
  report('a storm of 300', figures);
  try {
    expect(failures).toEqual([]);
    expect(figures.opened).toBe(CONNECTIONS);
    expect(figures.sentBack).toBeGreaterThan(0);
    expect(figures.maxLagMs).toBeLessThan(3_000);
    await expect.poll(connections, { timeout: 5_000 }).toBe(CONNECTIONS + 1);
    expect(await witness.must('channel_info', { room: 'storm-7', channel: 'c-1' })).toMatchObject({ members: 6 });
  } finally {
    // The next one counts who is there.
    for (const socket of sockets) socket.destroy();
    await expect.poll(connections, { timeout: 5_000 }).toBe(1);
    witness.end();
  }
});

test('[ARC-2] R-32: 100 clients of a killed Shield come back to the other one, spread out, within seconds', async () => {
  const balancer = await startBalancer(() => [0, 1].map((shield) => bus.port(shield)), true);
  const herd = await gatherHerd(bus, balancer, CLIENTS);
  const result = await herd.loseShield(1);
  report('a herd of 100', { ...result });
  expect(result.lost).toBeGreaterThanOrEqual(CLIENTS / 2 - 5);
  expect(result.msUntil99Percent).toBeLessThan(10_000);
  expect(result.peakToMean).toBeLessThan(3);
  expect(await bus.metric(0, 'arqonbus_connections')).toBe(CLIENTS);
  await herd.close();
  await balancer.stop();
});
