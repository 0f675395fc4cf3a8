import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { isWanted } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import type { Bus } from '../harness/bus.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { spreadOf } from '../harness/statistics.ts';
import { tolerantRuns } from '../harness/tolerant-runs.ts';
import { openMix } from '../traffic/mix-traffic.ts';
import { CLUSTER_MIX_COLUMNS, clusterPlans, describeClusterMix, runClusterMix, takenPerSecond } from './cluster-mix.ts';
import type { ClusterMixSample } from './cluster-mix.ts';

const RATES = [4_000, 6_000, 8_000, 9_000, 10_000, 11_000, 12_000, 14_000, 16_000, 20_000] as const;
const GOAL_MS = 10;
/** Part of the rate that must have been taken for it to count as kept. */
const KEPT = 0.98;

/** How far two Shields go on this machine, load generator included, until something cannot keep up (BEN-1). */
export const twoShieldsCeiling: Benchmark = {
  name: 'two-shields-ceiling',
  title: 'Two Shields: the same mix, faster and faster until the rate cannot be kept',
  run: runCeiling,
};

async function runCeiling(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const bus = await startClusterBus({ shields: 2, brains: 2, profileFolder: options.profileFolder });
  try {
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    for (const plan of clusterPlans.filter(({ name }) => isWanted(name, options.only))) {
      await openMix(load, plan, bus.endpoints);
      await runClusterMix(load, bus, plan, { rate: RATES[0], ms: 1_000 });
      verdicts.push(await climb(load, bus, plan, options, rows));
    }
    return { columns: CLUSTER_MIX_COLUMNS, rows, verdicts };
  } finally {
    await Promise.all([load.stop(), bus.stop()]);
  }
}

/** Adds a row for each rate up to the first that is not kept; gives the rates that were. */
async function climb(
  load: Load,
  bus: Bus,
  plan: ContenderPlan,
  { rounds, isQuick, onProgress }: RunOptions,
  rows: Cell[][],
): Promise<string> {
  const ms = isQuick ? 1_500 : 3_000;
  let keptRate = 0;
  let goalRate = 0;
  let end = 'no higher rate was tried';
  for (const rate of RATES) {
    onProgress(`${plan.name}, ${rate} messages a second`);
    const runs = await tolerantRuns([plan], rounds, () => runClusterMix(load, bus, plan, { rate, ms }));
    const samples = runs.samples.get(plan.name) ?? [];
    if (samples.length > 0) rows.push(describeClusterMix(rate, plan.name, samples));
    const problem = runs.failures[0] ?? missedRate(rate, samples);
    if (problem !== undefined) {
      end = `at ${rate}/s ${problem}`;
      break;
    }
    const isFast = spreadOf(samples.map(({ p99Ms }) => p99Ms)).median < GOAL_MS;
    if (isFast && goalRate === keptRate) goalRate = rate;
    keptRate = rate;
  }
  return `${plan.name}: p99 below ${GOAL_MS} ms up to ${goalRate}/s, the rate kept up to ${keptRate}/s; ${end}`;
}

function missedRate(rate: number, samples: readonly ClusterMixSample[]): string | undefined {
  const taken = spreadOf(samples.map(takenPerSecond)).median;
  return taken < rate * KEPT ? `${Math.round(taken)}/s were taken` : undefined;
}
