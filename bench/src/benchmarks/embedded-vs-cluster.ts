import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import { CLUSTER, EMBEDDED, onlyEndpoint, startEmbeddedAndCluster } from '../harness/embedded-and-cluster.ts';
import type { BusContender } from '../harness/embedded-and-cluster.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishWhole } from '../harness/publish-sample.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { PublishOrder, PublishReport } from '../load/orders.ts';
import { fanOutOrder, openFanOut } from '../traffic/fan-out-traffic.ts';
import { mixOrder, openMix } from '../traffic/mix-traffic.ts';

const MIX_RATES = [2_000, 5_000] as const;
const FAN_OUT_PACES = [
  { payloadBytes: 128, messagesPerTurn: 1, turnEveryMs: 20 },
  { payloadBytes: 128, messagesPerTurn: 8, turnEveryMs: 40 },
  { payloadBytes: 1_024, messagesPerTurn: 1, turnEveryMs: 20 },
  { payloadBytes: 1_024, messagesPerTurn: 8, turnEveryMs: 40 },
] as const;

/** One kind of traffic; costs are for one delivery of a fan-out, and for one message with its deliveries of a mix. */
interface Traffic {
  readonly label: string;
  readonly isByDelivery: boolean;
  readonly ms: number;
  order(contender: BusContender, ms: number): PublishOrder;
}

type Sample = PublishReport & HopCosts;

const traffics: readonly Traffic[] = [
  ...FAN_OUT_PACES.map((pace) => ({
    label: `1 → 1,000, ${pace.payloadBytes} B × ${pace.messagesPerTurn}, a delivery`,
    isByDelivery: true,
    ms: 1_500,
    order: (contender: BusContender, ms: number) => fanOutOrder(contender, { ...pace, ms }),
  })),
  ...MIX_RATES.map((rate) => ({
    label: `mix 1 → 10, ${rate.toLocaleString('en-US')}/s, a message`,
    isByDelivery: false,
    ms: 4_000,
    order: (contender: BusContender, ms: number) => mixOrder(contender, { rate, ms }),
  })),
];

/** The whole bus in one process, against one Shield, one Brain and NATS (BEN-1). */
export const embeddedVsCluster: Benchmark = {
  name: 'embedded-vs-cluster',
  title: 'Embedded against one Shield, one Brain and NATS, JSON, live: CPU µs for one delivery, or for one message',
  run: runEmbeddedVsCluster,
};

async function runEmbeddedVsCluster(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const { contenders, stop } = await startEmbeddedAndCluster([{ ...plans.jsonLive, name: 'JSON' }], options);
  try {
    for (const contender of contenders) {
      await openFanOut(load, { ...contender, server: onlyEndpoint(contender) });
      await openMix(load, contender, contender.bus.endpoints);
    }
    const rows: Cell[][] = [];
    for (const traffic of traffics) {
      options.onProgress(traffic.label);
      rows.push(...describe(traffic, await runTraffic(load, contenders, traffic, options)));
    }
    const columns = ['traffic', 'bus', 'Shield', 'NATS', 'Brain', 'all', '× embedded', 'Shield × embedded'];
    return {
      columns: [...columns, 'p50 ms', 'p99 ms', 'p99.9 ms', 'load idle %', 'machine idle %'],
      rows,
      verdicts: [],
    };
  } finally {
    await Promise.all([load.stop(), stop()]);
  }
}

async function runTraffic(
  load: Load,
  contenders: readonly BusContender[],
  { order, ms }: Traffic,
  { rounds, isQuick }: RunOptions,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  for (const contender of contenders) await load.publish(order(contender, 500));
  return pairedRuns(contenders, rounds, (contender) =>
    measureHops(contender.bus, load.pid, () =>
      publishWhole(load, contender.name, order(contender, isQuick ? ms / 2 : ms)),
    ),
  );
}

function describe({ label, isByDelivery }: Traffic, samples: ReadonlyMap<string, readonly Sample[]>): Cell[][] {
  const costs = (name: string, micros: (sample: Sample) => number): number[] =>
    (samples.get(name) ?? []).map((sample) => micros(sample) / (isByDelivery ? sample.delivered : sample.sent));
  const all = ({ allMicros }: Sample): number => allMicros;
  const shield = ({ shieldMicros }: Sample): number => shieldMicros[0] ?? 0;
  return [...samples].map(([name, own]): Cell[] => {
    const embedded = costs(name.replace(CLUSTER, EMBEDDED), all);
    const latency = (read: (sample: Sample) => number): Cell => (isByDelivery ? '–' : spreadOf(own.map(read)));
    return [
      label,
      name,
      spreadOf(costs(name, shield)).median,
      spreadOf(costs(name, ({ natsMicros }) => natsMicros)).median,
      spreadOf(costs(name, ({ brainMicros }) => brainMicros)).median,
      spreadOf(costs(name, all)),
      ratioOf(costs(name, all), embedded),
      ratioOf(costs(name, shield), embedded),
      latency(({ p50Ms }) => p50Ms),
      latency(({ p99Ms }) => p99Ms),
      latency(({ p999Ms }) => p999Ms),
      Math.min(...own.map(({ idleShare }) => idleShare * 100)),
      spreadOf(own.map(({ machineIdleShare }) => machineIdleShare * 100)).median,
    ];
  });
}
