import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { isBinary, messageOf, openGroup, payloadBytesOf, plans, startContenders } from '../harness/contender.ts';
import type { Contender } from '../harness/contender.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishSample } from '../harness/publish-sample.ts';
import type { PublishSample } from '../harness/publish-sample.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { PublishOrder } from '../load/orders.ts';

const CHANNELS = 20;
const RECEIVERS_PER_CHANNEL = 10;
const PAYLOAD_BYTES = 200;
const RATES = [2_000, 5_000] as const;

/** Messages a second, ten receivers each, spread over twenty channels (BEN-1). */
export const mix: Benchmark = {
  name: 'mix',
  title: `Mix 1 → ${RECEIVERS_PER_CHANNEL} over ${CHANNELS} channels at a fixed rate: latency, and server CPU for one message with its deliveries`,
  run: runMix,
};

async function runMix(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const all = [plans.jsonLive, plans.jsonHistory, plans.protoLive, plans.uws, plans.ws, plans.socketIo];
  const contenders = await startContenders(all, options);
  try {
    for (const contender of contenders) await connect(load, contender);
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

async function connect(load: Load, contender: Contender): Promise<void> {
  const channels = Array.from({ length: CHANNELS }, (_, index) => `mix-${index}`);
  const joins = channels.map((channel) => [channel]);
  await openGroup(load, contender, {
    name: 'receivers',
    count: CHANNELS * RECEIVERS_PER_CHANNEL,
    joins,
    publishes: [],
  });
  const ownJoins = contender.kind === 'arqon' ? joins : [];
  await openGroup(load, contender, { name: 'publishers', count: CHANNELS, joins: ownJoins, publishes: channels });
}

async function runRate(
  load: Load,
  contenders: readonly Contender[],
  rate: number,
  { rounds, isQuick }: RunOptions,
): Promise<ReadonlyMap<string, readonly PublishSample[]>> {
  const ours = contenders[0] as Contender;
  const first = await load.publish(orderOf(ours, rate, PAYLOAD_BYTES, 20));
  const deliveredBytes = payloadBytesOf(Math.round(first.deliveredBytes / first.delivered));
  for (const contender of contenders) await load.publish(orderOf(contender, rate, deliveredBytes, 1_000));
  return pairedRuns(contenders, rounds, (contender) =>
    publishSample(load, contender.server, orderOf(contender, rate, deliveredBytes, isQuick ? 1_500 : 4_000)),
  );
}

function orderOf(contender: Contender, rate: number, deliveredBytes: number, ms: number): PublishOrder {
  const payload = jsonPayload(PAYLOAD_BYTES);
  return {
    publishers: `${contender.name}/publishers`,
    receivers: `${contender.name}/receivers`,
    payloads: Array.from({ length: CHANNELS }, (_, index) =>
      messageOf(contender, `mix-${index}`, payload, deliveredBytes),
    ),
    isBinary: isBinary(contender),
    turns: ms,
    turnEveryMs: 1,
    publishersPerTurn: rate / 1_000,
    messagesPerTurn: 1,
    keepsRate: true,
    deliveriesPerMessage: RECEIVERS_PER_CHANNEL,
    measuresLatency: true,
  };
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
