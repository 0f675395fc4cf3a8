import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { AckReport } from '../load/orders.ts';
import { ackOrder, openAck } from '../traffic/ack-traffic.ts';
import { startPlainJetStream } from '../yardsticks/plain-jetstream.ts';

const IN_FLIGHT = [1, 64, 256] as const;
const WARM_UP_MS = 500;
const JETSTREAM = 'JetStream, plain client';
/** What an acknowledged publication on a logged channel may cost of JetStream's own rate. */
const LEAST_RATIO = 0.7;

type Sample = AckReport & HopCosts;

interface LogContender {
  readonly name: string;
  readonly sample: (inFlight: number, ms: number) => Promise<Sample>;
}

/** What the log costs: against JetStream by itself, and against a channel without one (BEN-1). */
export const logPublish: Benchmark = {
  name: 'log-publish',
  title: 'Acknowledged publications: a logged channel, a live one, and JetStream by itself; CPU µs for one message',
  run: runLogPublish,
};

async function runLogPublish(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const cluster = await startClusterBus({ shields: 1, brains: 1, profileFolder: options.profileFolder });
  const plain = await startPlainJetStream();
  try {
    const ours = [plans.jsonHistory, plans.protoHistory, plans.jsonLive, plans.protoLive];
    const [endpoint] = cluster.endpoints;
    if (endpoint === undefined) throw new Error('the cluster has no Shield');
    for (const plan of ours) await openAck(load, plan, endpoint);
    const contenders: readonly LogContender[] = [
      {
        name: JETSTREAM,
        sample: (inFlight, ms) => measureHops(plain.bus, load.pid, () => plain.publish(inFlight, ms)),
      },
      ...ours.map((plan) => contenderOf(plan, load, cluster)),
    ];
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    for (const inFlight of IN_FLIGHT) {
      options.onProgress(`${inFlight} in flight`);
      for (const contender of contenders) await contender.sample(inFlight, WARM_UP_MS);
      const ms = options.isQuick ? 800 : 2_000;
      const samples = await pairedRuns(contenders, options.rounds, (contender) => contender.sample(inFlight, ms));
      rows.push(...describe(inFlight, samples));
      verdicts.push(judge(inFlight, samples));
    }
    return { columns: COLUMNS, rows, verdicts };
  } finally {
    await Promise.all([load.stop(), cluster.stop(), plain.bus.stop()]);
  }
}

function contenderOf(plan: ContenderPlan, load: Load, bus: Awaited<ReturnType<typeof startClusterBus>>): LogContender {
  return {
    name: plan.name,
    sample: (inFlight, ms) => measureHops(bus, load.pid, () => load.ack(ackOrder(plan, inFlight, ms))),
  };
}

const COLUMNS: readonly string[] = [
  'in flight',
  'publisher',
  'acks/s',
  '× JetStream',
  'p50 ms',
  'p99 ms',
  'Shield',
  'NATS',
  'all',
  'client idle %',
  'machine idle %',
];

function ratesOf(samples: ReadonlyMap<string, readonly Sample[]>, name: string): number[] {
  return (samples.get(name) ?? []).map(({ acked, ms }) => acked / (ms / 1_000));
}

function describe(inFlight: number, samples: ReadonlyMap<string, readonly Sample[]>): Cell[][] {
  return [...samples].map(([name, own]): Cell[] => {
    const each = (micros: (sample: Sample) => number): Cell =>
      spreadOf(own.map((sample) => micros(sample) / sample.acked)).median;
    return [
      String(inFlight),
      name,
      spreadOf(ratesOf(samples, name)).median,
      ratioOf(ratesOf(samples, name), ratesOf(samples, JETSTREAM)),
      spreadOf(own.map(({ p50Ms }) => p50Ms)),
      spreadOf(own.map(({ p99Ms }) => p99Ms)),
      each(({ shieldMicros }) => shieldMicros[0] ?? 0),
      each(({ natsMicros }) => natsMicros),
      each(({ allMicros }) => allMicros),
      Math.min(...own.map(({ idleShare }) => idleShare * 100)),
      spreadOf(own.map(({ machineIdleShare }) => machineIdleShare * 100)).median,
    ];
  });
}

function judge(inFlight: number, samples: ReadonlyMap<string, readonly Sample[]>): string {
  const { median } = ratioOf(ratesOf(samples, plans.protoHistory.name), ratesOf(samples, JETSTREAM));
  const word = median >= LEAST_RATIO ? 'holds' : 'does not hold';
  return `${inFlight} in flight: ${median.toFixed(2)} of JetStream's own rate; at least ${LEAST_RATIO} ${word}`;
}
