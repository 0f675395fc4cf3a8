import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { payloadBytesOf, plans, startContenders } from '../harness/contender.ts';
import type { Contender } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishSample } from '../harness/publish-sample.ts';
import type { PublishSample } from '../harness/publish-sample.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { MIX_CHANNELS, MIX_RECEIVERS, mixOrder, openMix } from '../traffic/mix-traffic.ts';

const RATES = [2_000, 5_000] as const;

/** Messages a second, ten receivers each, spread over twenty channels (BEN-1). */
export const mix: Benchmark = {
  name: 'mix',
  title: `Mix 1 → ${MIX_RECEIVERS} over ${MIX_CHANNELS} channels at a fixed rate: latency, and server CPU for one message with its deliveries`,
  run: runMix,
};

async function runMix(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const all = [plans.jsonLive, plans.jsonHistory, plans.protoLive, plans.uws, plans.ws, plans.socketIo];
  const contenders = await startContenders(all, options);
  try {
    for (const contender of contenders) await openMix(load, contender, [contender.server]);
    const rows: Cell[][] = [];
    for (const rate of RATES) {
      options.onProgress(`${rate} messages a second`);
      rows.push(...describeRate(rate, await runRate(load, contenders, rate, options)));
    }
    const columns = [
      'messages/s',
      'server',
      'CPU µs/message',
      '× raw uWS',
      'p50 ms',
      'p99 ms',
      'p99.9 ms',
      'load idle %',
    ];
    return { columns, rows, verdicts: [] };
  } finally {
    await Promise.all([load.stop(), ...contenders.map(({ server }) => server.stop())]);
  }
}

async function runRate(
  load: Load,
  contenders: readonly Contender[],
  rate: number,
  { rounds, isQuick }: RunOptions,
): Promise<ReadonlyMap<string, readonly PublishSample[]>> {
  const ours = contenders[0] as Contender;
  const first = await load.publish(mixOrder(ours, { rate, ms: 20 }));
  const deliveredBytes = payloadBytesOf(Math.round(first.deliveredBytes / first.delivered));
  for (const contender of contenders) await load.publish(mixOrder(contender, { rate, ms: 1_000, deliveredBytes }));
  const ms = isQuick ? 1_500 : 4_000;
  return pairedRuns(contenders, rounds, (contender) =>
    publishSample(load, contender.server, mixOrder(contender, { rate, ms, deliveredBytes })),
  );
}

function describeRate(rate: number, samples: ReadonlyMap<string, readonly PublishSample[]>): Cell[][] {
  const costs = (name: string): number[] =>
    (samples.get(name) ?? []).map(({ serverMicros, sent }) => serverMicros / sent);
  return [...samples].map(([name, own]): Cell[] => [
    String(rate),
    name,
    spreadOf(costs(name)),
    ratioOf(costs(name), costs(plans.uws.name)),
    spreadOf(own.map(({ p50Ms }) => p50Ms)),
    spreadOf(own.map(({ p99Ms }) => p99Ms)),
    spreadOf(own.map(({ p999Ms }) => p999Ms)),
    Math.min(...own.map(({ idleShare }) => idleShare * 100)),
  ]);
}
