import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { CLUSTER, EMBEDDED, onlyEndpoint, startEmbeddedAndCluster } from '../harness/embedded-and-cluster.ts';
import { startLoad } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { AckReport } from '../load/orders.ts';
import { ackOrder, openAck } from '../traffic/ack-traffic.ts';
import { clusterPlans } from './cluster-mix.ts';

const IN_FLIGHT = [1, 64] as const;

type AckSample = AckReport & HopCosts;

/** How long a publisher waits for the answer to `ack: true` on a live channel (BEN-1). */
export const ackLatency: Benchmark = {
  name: 'ack-latency',
  title: 'Acknowledgements on a live channel: from the write to the answer, on one connection; CPU µs for one message',
  run: runAckLatency,
};

async function runAckLatency(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const { contenders, stop } = await startEmbeddedAndCluster(clusterPlans, options);
  try {
    for (const contender of contenders) await openAck(load, contender, onlyEndpoint(contender));
    const rows: Cell[][] = [];
    for (const inFlight of IN_FLIGHT) {
      options.onProgress(`${inFlight} in flight`);
      for (const contender of contenders) await load.ack(ackOrder(contender, inFlight, 500));
      const ms = options.isQuick ? 800 : 2_000;
      const samples = await pairedRuns(contenders, options.rounds, (contender) =>
        measureHops(contender.bus, load.pid, () => load.ack(ackOrder(contender, inFlight, ms))),
      );
      rows.push(...describe(inFlight, samples));
    }
    const columns = [
      'in flight',
      'bus',
      'p50 ms',
      '× embedded',
      'p99 ms',
      'p99.9 ms',
      'acks/s',
      'Shield',
      'NATS',
      'all',
    ];
    return { columns: [...columns, 'load idle %', 'machine idle %'], rows, verdicts: [] };
  } finally {
    await Promise.all([load.stop(), stop()]);
  }
}

function describe(inFlight: number, samples: ReadonlyMap<string, readonly AckSample[]>): Cell[][] {
  const middles = (name: string): number[] => (samples.get(name) ?? []).map(({ p50Ms }) => p50Ms);
  return [...samples].map(([name, own]): Cell[] => {
    const each = (micros: (sample: AckSample) => number): Cell =>
      spreadOf(own.map((sample) => micros(sample) / sample.acked)).median;
    return [
      String(inFlight),
      name,
      spreadOf(middles(name)),
      ratioOf(middles(name), middles(name.replace(CLUSTER, EMBEDDED))),
      spreadOf(own.map(({ p99Ms }) => p99Ms)),
      spreadOf(own.map(({ p999Ms }) => p999Ms)),
      spreadOf(own.map(({ acked, ms }) => acked / (ms / 1_000))).median,
      each(({ shieldMicros }) => shieldMicros[0] ?? 0),
      each(({ natsMicros }) => natsMicros),
      each(({ allMicros }) => allMicros),
      Math.min(...own.map(({ idleShare }) => idleShare * 100)),
      spreadOf(own.map(({ machineIdleShare }) => machineIdleShare * 100)).median,
    ];
  });
}
