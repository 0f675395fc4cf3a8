import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { isWanted } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { spreadOf } from '../harness/statistics.ts';
import { tolerantRuns } from '../harness/tolerant-runs.ts';
import { MIX_CHANNELS, MIX_RECEIVERS, openMix } from '../traffic/mix-traffic.ts';
import { CLUSTER_MIX_COLUMNS, clusterPlans, describeClusterMix, runClusterMix } from './cluster-mix.ts';
import type { ClusterMixSample } from './cluster-mix.ts';

const RATES = [2_000, 5_000, 10_000] as const;
const GOAL_RATE = 10_000;
const GOAL_MS = 10;

/** The 1:10 mix over two Shields, two Brains and NATS (BEN-1). */
export const twoShields: Benchmark = {
  name: 'two-shields',
  title: `Two Shields: mix 1 → ${MIX_RECEIVERS} over ${MIX_CHANNELS} channels, publishers and receivers on both, live`,
  run: runTwoShields,
};

async function runTwoShields(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const bus = await startClusterBus({ shields: 2, brains: 2, profileFolder: options.profileFolder });
  try {
    for (const plan of clusterPlans) await openMix(load, plan, bus.endpoints);
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    for (const rate of RATES) {
      const wanted = clusterPlans.filter(({ name }) => isWanted(`${name} at ${rate}`, options.only));
      options.onProgress(`${rate} messages a second`);
      await tolerantRuns(wanted, 1, (plan) => runClusterMix(load, bus, plan, { rate, ms: 1_000 }));
      const ms = options.isQuick ? 1_500 : 4_000;
      const { samples, failures } = await tolerantRuns(wanted, options.rounds, (plan) =>
        runClusterMix(load, bus, plan, { rate, ms }),
      );
      verdicts.push(...failures.map((failure) => `${rate}/s, ${failure}`));
      for (const [name, own] of samples) {
        rows.push(describeClusterMix(rate, name, own));
        if (rate === GOAL_RATE) verdicts.push(judge(name, own));
      }
    }
    return { columns: CLUSTER_MIX_COLUMNS, rows, verdicts };
  } finally {
    await Promise.all([load.stop(), bus.stop()]);
  }
}

function judge(name: string, samples: readonly ClusterMixSample[]): string {
  const { median } = spreadOf(samples.map(({ p99Ms }) => p99Ms));
  const outcome = median < GOAL_MS ? 'kept' : 'MISSED';
  return `${name} at ${GOAL_RATE}/s: p99 ${median.toFixed(2)} ms, goal ${GOAL_MS}: ${outcome}`;
}
