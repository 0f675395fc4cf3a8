import { Samples } from '@arqonbus/telemetry';
import { startBenchOutbox } from '../harness/bench-outbox.ts';
import type { BenchOutbox } from '../harness/bench-outbox.ts';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { openGrpcClient, openHttpClient } from '../harness/bridge-clients.ts';
import type { OpenBridgeClient } from '../harness/bridge-clients.ts';
import { startEmbeddedBus } from '../harness/bus.ts';
import type { Bus, BridgeAddress } from '../harness/bus.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';

const MESSAGES = 5_000;
const QUICK_MESSAGES = 1_000;
const WARM_UP = 200;
const AT_ONCE = [1, 16] as const;
const BATCH = 100;
const PAYLOAD = jsonPayload(256);
/** Of the room `live`, in which nothing is logged; and of a log. */
const CHANNEL = 'bridge';
const LOGGED = 'log:bridge';

const clients: readonly (readonly [name: string, open: OpenBridgeClient])[] = [
  ['HTTP', openHttpClient],
  ['gRPC', openGrpcClient],
];

type StartBridged = (settings: Readonly<Record<string, string>>) => Promise<Bus>;

const buses: readonly (readonly [name: string, start: StartBridged])[] = [
  ['one process, in memory', (settings) => startEmbeddedBus(undefined, settings)],
  ['two Shields, two Brains, a Bridge', (bridge) => startClusterBus({ shields: 2, brains: 2, bridge })],
];

/** BRG-1: what publishing without a connection costs, one by one, in batches, and from a table. */
export const bridge: Benchmark = {
  name: 'bridge',
  title: 'Events of 256 bytes by HTTP and gRPC, one in a request and 100, and rows of an outbox; CPU µs for one',
  run: runBridge,
};

async function runBridge({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const count = isQuick ? QUICK_MESSAGES : MESSAGES;
  const rows: Cell[][] = [];
  for (const [name, start] of buses) {
    onProgress(name);
    const outbox = await startBenchOutbox();
    const bus = await start({ ARQONBUS_OUTBOX_FILE: outbox.file, ARQONBUS_BRIDGE_MESSAGES_PER_SECOND: '1000000' });
    try {
      for await (const row of measureRequests(bus, count)) rows.push([name, ...row]);
      rows.push([name, ...(await measureOutbox(bus, outbox, count))]);
    } finally {
      await bus.stop();
      await outbox.stop();
    }
  }
  return { columns: COLUMNS, rows, verdicts: [] };
}

const COLUMNS: readonly string[] = [
  'bus',
  'by',
  'in one',
  'at once',
  'messages/s',
  'p50 ms',
  'p99 ms',
  'Bridge',
  'Shields',
  'NATS',
  'Brains',
  'Postgres',
  'machine idle %',
];

async function* measureRequests(bus: Bus, count: number): AsyncGenerator<readonly Cell[]> {
  const token = await tokenOf(bus);
  for (const [by, open] of clients) {
    const client = open(bridgeOf(bus), token, PAYLOAD);
    for (let n = 0; n < WARM_UP; n += 1) await client.publish(CHANNEL, 1);
    for (const inOne of [1, BATCH]) {
      for (const atOnce of AT_ONCE) {
        const sample = await measure(bus, count / inOne, atOnce, () => client.publish(CHANNEL, inOne));
        yield [by, String(inOne), String(atOnce), ...describe(sample, count)];
      }
    }
    client.close();
  }
}

async function measureOutbox(bus: Bus, outbox: BenchOutbox, count: number): Promise<readonly Cell[]> {
  outbox.open(await makeKey(bus));
  await outbox.publish(LOGGED, PAYLOAD, WARM_UP);
  const withOutbox: Bus = { ...bus, processes: [...bus.processes, { hop: 'postgres', pid: outbox.pid }] };
  const sample = await measure(withOutbox, 1, 1, () => outbox.publish(LOGGED, PAYLOAD, count));
  return ['outbox, logged', '–', '–', ...describe(sample, count)];
}

interface Sample extends HopCosts {
  readonly spans: Samples;
  readonly ms: number;
}

function measure(bus: Bus, requests: number, atOnce: number, run: () => Promise<void>): Promise<Sample> {
  return measureHops(bus, process.pid, async () => {
    const spans = new Samples();
    const startedMs = performance.now();
    let left = requests;
    const work = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const sentMs = performance.now();
        await run();
        spans.add(performance.now() - sentMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return { spans, ms: performance.now() - startedMs };
  });
}

function describe(sample: Sample, count: number): readonly number[] {
  const { spans, ms, shieldMicros, bridgeMicros, natsMicros, brainMicros, postgresMicros, machineIdleShare } = sample;
  const shields = shieldMicros.reduce((sum, micros) => sum + micros, 0);
  const each = [bridgeMicros, shields, natsMicros, brainMicros, postgresMicros].map((micros) => micros / count);
  const idlePercent = machineIdleShare * 100;
  return [(count * 1_000) / ms, spans.percentile(0.5), spans.percentile(0.99), ...each, idlePercent];
}

async function tokenOf({ endpoints: [endpoint] }: Bus): Promise<string> {
  const [token] = (await endpoint?.tokens(1)) ?? [];
  if (token === undefined) throw new Error('the bus has no Shield');
  return token;
}

function bridgeOf({ bridge: address }: Bus): BridgeAddress {
  if (address === undefined) throw new Error('the bus has no Bridge');
  return address;
}

async function makeKey(bus: Bus): Promise<string> {
  const permissions = ['publish', 'join'].map((action) => ({ action, pattern: '*:*', effect: 'allow' }));
  const answer = await fetch(`${bridgeOf(bus).httpUrl}/v1/commands/op.key.create`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bus.adminToken ?? ''}` },
    body: JSON.stringify({ name: 'bench', permissions }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`no key was made: ${text}`);
  return (JSON.parse(text) as { readonly key: string }).key;
}
