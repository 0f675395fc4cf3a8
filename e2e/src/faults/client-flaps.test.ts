import { createClient } from '@arqonbus/sdk';
import type { ArqonClient } from '@arqonbus/sdk';
import { startChaosProxy } from '@arqonbus/testkit';
import type { ChaosProxy } from '@arqonbus/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createFastClock } from '../harness/fast-clock.ts';
import { startFaultCluster } from './harness/fault-cluster.ts';
import type { FaultCluster } from './harness/fault-cluster.ts';
import { numbersOf, startPublishing } from './harness/load.ts';
import { report } from './harness/report.ts';

const CLIENTS = 10;
const FLAPS = 8;
const FLAP_EVERY_MS = 400;
const target = { room: 'flaps', channel: 'talk' };

let bus: FaultCluster;
let network: ChaosProxy;
let clients: ArqonClient[] = [];

beforeAll(async () => {
  bus = await startFaultCluster({ ARQONBUS_LOG_RULES: '[]' });
  network = await startChaosProxy({ targetPort: bus.port(0) });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});

afterAll(async () => {
  await network.stop();
  await bus.stop();
});

/** A client behind the bad network, and the numbers that it has been handed. */
async function connectFlapping(user: string): Promise<readonly unknown[]> {
  const heard: unknown[] = [];
  const client = createClient({
    url: `ws://127.0.0.1:${network.port}/v1/socket`,
    token: () => bus.token({ user }),
    webSocket: WebSocket,
    clock: createFastClock(8),
  });
  clients.push(client);
  client.on('publication', ({ payload }) => void heard.push(payload));
  await client.connect();
  await client.join('flaps:talk');
  return heard;
}

test('[PRS-2] [LOG-9] R-06: clients that are reset again and again lose nothing, hear nothing twice, and leave nothing behind', async () => {
  const heard = await Promise.all(Array.from({ length: CLIENTS }, (_, n) => connectFlapping(`flapper-${n}`)));
  const publisher = await bus.connect(1, { user: 'publisher' });
  const admin = await bus.connect(1, { user: 'root', role: 'admin' });
  await publisher.must('join_channel', target);
  const load = startPublishing(publisher, 'flaps:talk', 25);
  const before = network.accepted();
  for (let flap = 0; flap < FLAPS; flap++) {
    await load.more(Math.ceil(FLAP_EVERY_MS / 25), ['ok']);
    network.reset();
  }
  await expect.poll(() => clients.every(({ state }) => state.kind === 'connected'), { timeout: 20_000 }).toBe(true);
  await load.more(20, ['ok']);
  const accepted = numbersOf(await load.stop(), 'ok');

  for (const numbers of heard) await expect.poll(() => numbers.at(-1), { timeout: 20_000 }).toBe(accepted.at(-1));
  for (const numbers of heard) expect(numbers).toEqual(accepted);
  const truth = async (): Promise<unknown> => {
    const { participants } = await admin.must('channel_info', target);
    const { connections } = await admin.must('status');
    return [(participants as readonly unknown[]).length, connections, await bus.metric(0, 'arqonbus_connections')];
  };
  await expect.poll(truth, { timeout: 10_000 }).toEqual([CLIENTS + 1, CLIENTS + 2, CLIENTS]);
  const reconnects = network.accepted() - before;
  report('clients that are reset', { published: accepted.length, reconnects });
  expect(reconnects).toBeGreaterThan(FLAPS);
  for (const client of [publisher, admin]) client.end();
});
