import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shippedValkeyUsers, startChaosProxy, startValkeyServer } from '@arqonbus/testkit';
import type { ChaosProxy, ServiceProcess, ValkeyServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { untilBrainsWork } from './harness/brain-drill.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { startPublishing } from './harness/load.ts';

const BLOCKED_MS = 2_000;
/** How long whoever asks for readiness waits, as the chart has it. */
const PROBE_MS = 1_000;
const LAG = /^arqonbus_event_loop_lag_seconds (\S+)$/m;

// Work that never gives the loop back, at a signal.
const BLOCK = `process.on('SIGUSR2', () => { for (const end = Date.now() + ${BLOCKED_MS}; Date.now() < end; ); });`;

let folder: string;
let valkey: ValkeyServer;
let valkeyProxy: ChaosProxy;
let bus: FaultCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'arqon-block-'));
  const block = join(folder, 'block.cjs');
  writeFileSync(block, BLOCK);
  const { users, env } = shippedValkeyUsers();
  valkey = await startValkeyServer({ users });
  valkeyProxy = await startChaosProxy({ targetPort: valkey.port });
  bus = await startFaultCluster({
    ...env,
    ARQONBUS_VALKEY_URL: `redis://127.0.0.1:${valkeyProxy.port}`,
    NODE_OPTIONS: `--require=${block}`,
  });
});

afterAll(async () => {
  await bus.stop();
  await valkeyProxy.stop();
  await valkey.stop();
  rmSync(folder, { recursive: true, force: true });
});

const metricsOf = async (service: ServiceProcess | undefined): Promise<string> =>
  (await fetch(`${service?.addresses()['http_url'] ?? ''}/metrics`)).text();

const partitionsOf = async (): Promise<readonly (string | undefined)[]> =>
  (await Promise.all(bus.brains.map(metricsOf))).map((text) => /^arqonbus_brain_partitions (\d+)$/m.exec(text)?.[1]);

/** Whether readiness is told in time. */
const isHeardOf = (service: ServiceProcess | undefined): Promise<boolean> =>
  fetch(`${service?.addresses()['http_url'] ?? ''}/health/ready`, { signal: AbortSignal.timeout(PROBE_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

test('[TEL-2] [PRT-5] L-09: two seconds without a turn of the loop show in a metric and to who asks for readiness, and cost no connection', async () => {
  const [reader, writer] = [await bus.connect(1, { user: 'reader' }), await bus.connect(0, { user: 'writer' })];
  const target = { room: 'blocked', channel: 'ward' };
  for (const client of [reader, writer]) await client.must('join_channel', target);
  await untilBrainsWork(bus);
  const partitions = await partitionsOf();
  const links = [bus.spineProxy.accepted(), valkeyProxy.accepted()];
  const load = startPublishing(writer, 'blocked:ward', 20);
  await load.more(20);
  const blocked = [bus.shields[1], bus.brains[0]];
  for (const service of blocked) service?.signal('SIGUSR2');
  await expect.poll(() => isHeardOf(bus.shields[1]), { timeout: 5_000, interval: 1 }).toBe(false);
  for (const service of blocked) {
    const lag = async (): Promise<number> => Number(LAG.exec(await metricsOf(service))?.[1]);
    await expect.poll(lag, { timeout: 10_000 }).toBeGreaterThan((BLOCKED_MS / 1_000) * 0.95);
  }
  await expect.poll(() => isHeardOf(bus.shields[1]), { timeout: 10_000 }).toBe(true);
  await load.more(20);
  const outcomes = await load.stop();
  expect(outcomes.filter(({ code }) => code !== 'ok')).toEqual([]);
  await expect
    .poll(() => reader.events.map(({ payload }) => payload), { timeout: 10_000 })
    .toEqual(outcomes.map(({ n }) => n));
  expect([bus.spineProxy.accepted(), valkeyProxy.accepted()]).toEqual(links);
  // A Brain renews its lease of three seconds each second: it may just have lost it, and has it again.
  await expect.poll(partitionsOf, { timeout: 20_000 }).toEqual(partitions);
  expect(await metricsOf(bus.brains[0])).toContain('\narqonbus_valkey_usable 1\n');
  expect([reader, writer].flatMap(({ systems }) => systems.map(({ event }) => event))).not.toContain(
    'system_spine_lost',
  );
  for (const client of [reader, writer]) client.end();
});
