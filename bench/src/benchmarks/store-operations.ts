import { Samples } from '@arqonbus/telemetry';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { farthestApart, twoBuses } from '../harness/two-buses.ts';

const OPERATIONS = 5_000;
const QUICK_OPERATIONS = 500;
const WARM_UP = 50;
const AT_ONCE = [1, 16] as const;
const KEYS = 100;
const VALUE = { items: Array.from({ length: 10 }, (_, n) => ({ id: n, name: `item ${n}`, count: 1 })) };

/** What is done to the store, the n-th time. */
const operations: Readonly<Record<string, (client: CommandClient, n: number) => Promise<unknown>>> = {
  set: (client, n) => client.command('op.store.set', { key: `bench/${n % KEYS}`, value: VALUE }),
  get: (client, n) => client.command('op.store.get', { key: `bench/${n % KEYS}` }),
  increment: (client) => client.command('op.store.increment', { key: 'bench-count' }),
};

/** STO-1: what keeping, reading and counting cost, and how many a second there are. */
export const storeOperations: Benchmark = {
  name: 'store',
  title:
    'The store: set (380 bytes), get, increment of one key, and set until a watch at the other Shield tells; CPU µs for one',
  run: runStore,
};

async function runStore({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const count = isQuick ? QUICK_OPERATIONS : OPERATIONS;
  const rows: Cell[][] = [];
  for (const [name, start] of twoBuses) {
    onProgress(name);
    const bus = await start();
    try {
      const [first, last] = farthestApart(bus);
      const [client, watcher] = [await connectCommands(first), await connectCommands(last)];
      const all = { ...operations, 'set to watch': await watched(client, watcher) };
      for (const [operation, run] of Object.entries(all)) {
        for (let n = 0; n < WARM_UP; n += 1) await run(client, n);
        for (const atOnce of AT_ONCE) {
          const sample = await measure(bus, count, atOnce, (n) => run(client, n));
          rows.push([name, operation, String(atOnce), ...describe(sample, count)]);
        }
      }
      for (const { close } of [client, watcher]) close();
    } finally {
      await bus.stop();
    }
  }
  return { columns: COLUMNS, rows, verdicts: [] };
}

const COLUMNS: readonly string[] = [
  'bus',
  'operation',
  'at once',
  'a second',
  'p50 ms',
  'p99 ms',
  'Shields',
  'NATS',
  'Brains',
  'Postgres',
];

interface Sample extends HopCosts {
  readonly spans: Samples;
  readonly ms: number;
}

function measure(bus: Bus, count: number, atOnce: number, run: (n: number) => Promise<unknown>): Promise<Sample> {
  return measureHops(bus, process.pid, async () => {
    const spans = new Samples();
    const startedMs = performance.now();
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < count) {
        const sentMs = performance.now();
        await run((next += 1));
        spans.add(performance.now() - sentMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    return { spans, ms: performance.now() - startedMs };
  });
}

function describe(sample: Sample, count: number): readonly number[] {
  const { spans, ms, shieldMicros, natsMicros, brainMicros, postgresMicros } = sample;
  const shields = shieldMicros.reduce((sum, micros) => sum + micros, 0);
  const each = [shields, natsMicros, brainMicros, postgresMicros].map((micros) => micros / count);
  return [(count * 1_000) / ms, spans.percentile(0.5), spans.percentile(0.99), ...each];
}

/** Changes a key of its own each time, until whoever watches is told. */
async function watched(
  client: CommandClient,
  watcher: CommandClient,
): Promise<(client: CommandClient, n: number) => Promise<void>> {
  const waiting = new Map<unknown, () => void>();
  watcher.onFrame(({ type, payload }) => {
    if (type !== 'system' || payload?.['event'] !== 'store') return;
    if (payload['missed'] === true) throw new Error('the watch missed something');
    waiting.get(payload['key'])?.();
  });
  await watcher.command('op.store.watch', { prefix: 'watched/' });
  let made = 0;
  return async () => {
    const key = `watched/${(made += 1) % KEYS}`;
    const told = new Promise<void>((resolve) => waiting.set(key, resolve));
    await client.command('op.store.set', { key, value: made });
    await told;
  };
}
