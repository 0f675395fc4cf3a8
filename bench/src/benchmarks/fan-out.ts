import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { payloadBytesOf, plans, startContenders } from '../harness/contender.ts';
import type { Contender } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishSample } from '../harness/publish-sample.ts';
import type { PublishSample } from '../harness/publish-sample.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { PublishOrder } from '../load/orders.ts';
import { fanOutOrder, openFanOut } from '../traffic/fan-out-traffic.ts';

const PAYLOAD_BYTES = [128, 1_024] as const;
const GOAL = 1.25;

/** Batchings, and how often a turn of so many messages comes: about a third of a core for the fast, half of one for the slow. */
const PACES = [
  { messagesPerTurn: 1, fastMs: 20, slowMs: 25 },
  { messagesPerTurn: 8, fastMs: 40, slowMs: 200 },
  { messagesPerTurn: 32, fastMs: 100, slowMs: 800 },
] as const;

/** One publisher, a thousand subscribers (BEN-1). */
export const fanOut: Benchmark = {
  name: 'fan-out',
  title: 'Fan-out 1 → 1,000: server CPU for one delivered message',
  run: runFanOut,
};

async function runFanOut(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const all = [plans.jsonLive, plans.jsonHistory, plans.protoLive, plans.uws, plans.ws, plans.socketIo];
  const contenders = await startContenders(all, options);
  try {
    for (const contender of contenders) await openFanOut(load, contender);
    const rows: Cell[][] = [];
    const verdicts: string[] = [];
    for (const payloadBytes of PAYLOAD_BYTES) {
      for (const pace of PACES) {
        options.onProgress(`${payloadBytes} B, ${pace.messagesPerTurn} a turn`);
        const samples = await runCase(load, contenders, payloadBytes, pace, options);
        describeCase(`${payloadBytes} B × ${pace.messagesPerTurn}`, samples, rows, verdicts);
      }
    }
    const columns = [
      'payload × per turn',
      'server',
      'frame B',
      'CPU µs/delivery',
      '× raw uWS',
      'deliveries/s of a core',
      'GC %',
      'load idle %',
    ];
    return { columns, rows, verdicts };
  } finally {
    await Promise.all([load.stop(), ...contenders.map(({ server }) => server.stop())]);
  }
}

type Pace = (typeof PACES)[number];

async function runCase(
  load: Load,
  contenders: readonly Contender[],
  payloadBytes: number,
  { messagesPerTurn, fastMs, slowMs }: Pace,
  { rounds, isQuick }: RunOptions,
): Promise<ReadonlyMap<string, readonly PublishSample[]>> {
  const orderOf = (contender: Contender, deliveredBytes: number, ms: number): PublishOrder => {
    const isSlow = contender.kind === 'ws' || contender.kind === 'socket.io';
    const turnEveryMs = isSlow ? slowMs : fastMs;
    return fanOutOrder(contender, { payloadBytes, messagesPerTurn, turnEveryMs, ms, deliveredBytes });
  };
  // The yardsticks move as many bytes as ours does for the payload, which the first run tells.
  const ours = contenders[0] as Contender;
  const first = await load.publish(orderOf(ours, payloadBytes, 1));
  const deliveredBytes = payloadBytesOf(Math.round(first.deliveredBytes / first.delivered));
  for (const contender of contenders) await load.publish(orderOf(contender, deliveredBytes, 500));
  return pairedRuns(contenders, rounds, (contender) =>
    publishSample(load, contender.server, orderOf(contender, deliveredBytes, isQuick ? 800 : 1_500)),
  );
}

function describeCase(
  label: string,
  samples: ReadonlyMap<string, readonly PublishSample[]>,
  rows: Cell[][],
  verdicts: string[],
): void {
  const costs = (name: string): number[] =>
    (samples.get(name) ?? []).map(({ serverMicros, delivered }) => serverMicros / delivered);
  const raw = costs(plans.uws.name);
  for (const [name, own] of samples) {
    const cost = spreadOf(costs(name));
    const frame = spreadOf(own.map(({ deliveredBytes, delivered }) => deliveredBytes / delivered)).median;
    const gc = spreadOf(own.map(({ gcMicros, serverMicros }) => (gcMicros / serverMicros) * 100)).median;
    const idle = Math.min(...own.map(({ idleShare }) => idleShare * 100));
    rows.push([
      label,
      name,
      Math.round(frame),
      cost,
      ratioOf(costs(name), raw),
      Math.round(1_000_000 / cost.median),
      gc,
      idle,
    ]);
  }
  const { median } = ratioOf(costs(plans.jsonLive.name), raw);
  verdicts.push(
    `${label}: ${median.toFixed(2)} × raw uWebSockets.js, goal ${GOAL}: ${median <= GOAL ? 'kept' : 'MISSED'}`,
  );
}
