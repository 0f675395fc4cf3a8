import type { Cell } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { plans } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import type { Load } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { publishWhole } from '../harness/publish-sample.ts';
import { spreadOf } from '../harness/statistics.ts';
import type { PublishReport } from '../load/orders.ts';
import { MIX_RECEIVERS, mixOrder } from '../traffic/mix-traffic.ts';
import type { MixPace } from '../traffic/mix-traffic.ts';

/** One run of the mix on a cluster. */
export type ClusterMixSample = PublishReport & HopCosts;

/** The formats, both on one cluster; each has connections and channels of its own. */
export const clusterPlans: readonly ContenderPlan[] = [
  { ...plans.jsonLive, name: 'JSON' },
  { ...plans.protoLive, name: 'Protobuf' },
];

/** The columns that {@link describeClusterMix} fills; CPU is in µs for one published message. */
export const CLUSTER_MIX_COLUMNS: readonly string[] = [
  'messages/s',
  'format',
  'Shield 1',
  'Shield 2',
  'NATS',
  'Brains',
  'all CPU µs/message',
  'p50 ms',
  'p99 ms',
  'p99.9 ms',
  'delivered/expected',
  'taken/s',
  'load idle %',
  'load waits %',
  'Shields wait %',
  'machine idle %',
];

/** Runs the mix once; throws where a delivery is missing or too much. */
export function runClusterMix(load: Load, bus: Bus, plan: ContenderPlan, pace: MixPace): Promise<ClusterMixSample> {
  const order = mixOrder(plan, pace, bus.endpoints.length);
  return measureHops(bus, load.pid, () => publishWhole(load, plan.name, order));
}

/** One row for the runs of one rate and format. `load idle %` is the least of all runs, as in other benchmarks. */
export function describeClusterMix(rate: number, name: string, samples: readonly ClusterMixSample[]): Cell[] {
  const each = (micros: (sample: ClusterMixSample) => number): Cell =>
    spreadOf(samples.map((sample) => micros(sample) / sample.sent)).median;
  const percent = (share: (sample: ClusterMixSample) => number): Cell =>
    spreadOf(samples.map((sample) => share(sample) * 100)).median;
  const total = (read: (sample: ClusterMixSample) => number): number =>
    samples.reduce((sum, one) => sum + read(one), 0);
  return [
    rate.toLocaleString('en-US'),
    name,
    each(({ shieldMicros }) => shieldMicros[0] ?? 0),
    each(({ shieldMicros }) => shieldMicros[1] ?? 0),
    each(({ natsMicros }) => natsMicros),
    each(({ brainMicros }) => brainMicros),
    spreadOf(samples.map(({ allMicros, sent }) => allMicros / sent)),
    spreadOf(samples.map(({ p50Ms }) => p50Ms)),
    spreadOf(samples.map(({ p99Ms }) => p99Ms)),
    spreadOf(samples.map(({ p999Ms }) => p999Ms)),
    `${total(({ delivered }) => delivered)}/${total(({ sent }) => sent * MIX_RECEIVERS)}`,
    spreadOf(samples.map(takenPerSecond)).median,
    Math.min(...samples.map(({ idleShare }) => idleShare * 100)),
    percent(({ loadWaitShare }) => loadWaitShare),
    percent(({ shieldWaitShare }) => shieldWaitShare),
    percent(({ machineIdleShare }) => machineIdleShare),
  ];
}

/** Messages a second until the last delivery had arrived: below the rate where something could not keep up. */
export function takenPerSecond({ sent, ms }: ClusterMixSample): number {
  return sent / (ms / 1_000);
}
