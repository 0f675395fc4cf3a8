import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { isWanted } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { publishWhole } from '../harness/publish-sample.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { spreadOf } from '../harness/statistics.ts';
import { tolerantRuns } from '../harness/tolerant-runs.ts';
import type { PublishReport } from '../load/orders.ts';
import { hopOrder, openHops } from '../traffic/hop-traffic.ts';
import { clusterPlans } from './cluster-mix.ts';

const RATES = [5_000, 20_000] as const;
const SETTLE_MS = 3_000;

type HopSample = PublishReport & HopCosts;

/** One message from a client of one Shield to a client of another: what each hop costs (BEN-1). */
export const hopCost: Benchmark = {
  name: 'hop-cost',
  title: 'Hops 1 → 1 from Shield to Shield, live: CPU µs for one message; of the idle cluster, µs in one second',
  run: runHopCost,
};

async function runHopCost(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const bus = await startClusterBus({ shields: 2, brains: 2, profileFolder: options.profileFolder });
  try {
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    if (isWanted('idle', options.only)) rows.push(await measureIdle(load, bus, options));
    for (const plan of clusterPlans) await connect(load, bus, plan);
    for (const rate of RATES) {
      const wanted = clusterPlans.filter(({ name }) => isWanted(`${name} at ${rate}`, options.only));
      options.onProgress(`${rate} messages a second`);
      const run = (plan: ContenderPlan, ms: number): Promise<HopSample> =>
        measureHops(bus, load.pid, () => publishWhole(load, plan.name, hopOrder(plan, rate, ms)));
      await tolerantRuns(wanted, 1, (plan) => run(plan, 1_000));
      const ms = options.isQuick ? 1_500 : 4_000;
      const { samples, failures } = await tolerantRuns(wanted, options.rounds, (plan) => run(plan, ms));
      verdicts.push(...failures.map((failure) => `${rate}/s, ${failure}`));
      for (const [name, own] of samples) rows.push(describe(`${rate.toLocaleString('en-US')}/s`, name, own));
    }
    const columns = ['case', 'format', 'Shield in', 'NATS', 'Shield out', 'Brains', 'all'];
    return { columns: [...columns, 'p50 ms', 'p99 ms', 'load idle %', 'machine idle %'], rows, verdicts };
  } finally {
    await Promise.all([load.stop(), bus.stop()]);
  }
}

async function connect(load: Load, { endpoints: [from, to] }: Bus, plan: ContenderPlan): Promise<void> {
  if (from === undefined || to === undefined) throw new Error('hops need two Shields');
  await openHops(load, plan, from, to);
}

/** Nobody is connected: what is left are leases, heartbeats and pings. */
async function measureIdle(load: Load, bus: Bus, { rounds, isQuick, onProgress }: RunOptions): Promise<Cell[]> {
  onProgress('idle');
  await pause(SETTLE_MS);
  const seconds = isQuick ? 3 : 10;
  const samples: HopCosts[] = [];
  for (let round = 0; round < rounds; round += 1)
    samples.push(await measureHops(bus, load.pid, () => pause(seconds * 1_000).then(() => ({}))));
  const idle = spreadOf(samples.map(({ machineIdleShare }) => machineIdleShare * 100)).median;
  return ['idle, 1 s', '–', ...describeHops(samples, seconds), '–', '–', '–', idle];
}

function describe(label: string, name: string, samples: readonly HopSample[]): Cell[] {
  return [
    label,
    name,
    ...describeHops(samples, samples[0]?.sent ?? 1),
    spreadOf(samples.map(({ p50Ms }) => p50Ms)),
    spreadOf(samples.map(({ p99Ms }) => p99Ms)),
    Math.min(...samples.map(({ idleShare }) => idleShare * 100)),
    spreadOf(samples.map(({ machineIdleShare }) => machineIdleShare * 100)).median,
  ];
}

/** The hops in the order of the path, each by so many messages or seconds; every sample has as many. */
function describeHops(samples: readonly HopCosts[], count: number): Cell[] {
  const each = (micros: (costs: HopCosts) => number): Cell => spreadOf(samples.map((costs) => micros(costs) / count));
  return [
    each(({ shieldMicros }) => shieldMicros[0] ?? 0),
    each(({ natsMicros }) => natsMicros),
    each(({ shieldMicros }) => shieldMicros[1] ?? 0),
    each(({ brainMicros }) => brainMicros),
    each(({ allMicros }) => allMicros),
  ];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
