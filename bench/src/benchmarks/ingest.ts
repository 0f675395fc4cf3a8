import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { isBinary, openGroup, plans, startContenders } from '../harness/contender.ts';
import type { Contender, ContenderPlan } from '../harness/contender.ts';
import { jsonEventOfSize, jsonPayload, plainMessage, protoEvent } from '../harness/event-payloads.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { publishSample } from '../harness/publish-sample.ts';
import type { PublishSample } from '../harness/publish-sample.ts';
import { differenceOf, ratioOf, spreadOf } from '../harness/statistics.ts';
import type { PublishOrder } from '../load/orders.ts';

const PUBLISHERS = 50;
const EVENT_BYTES = 256;
const TURN_EVERY_MS = 2.5;
const GOAL_MICROS = 8;

const BASE = 'raw uWebSockets.js, receives';

/** Whether somebody hears what is published; else the path ends at the Spine port. */
type Ingest = ContenderPlan & { readonly hasSubscriber: boolean };

const ingests: readonly Ingest[] = [
  { ...plans.uws, name: BASE, hasSubscriber: false },
  ...[plans.jsonLive, plans.jsonHistory, plans.protoLive, plans.protoHistory].map((plan) => ({
    ...plan,
    hasSubscriber: false,
  })),
  { ...plans.uws, name: 'raw uWebSockets.js, 50→1', hasSubscriber: true },
  { ...plans.jsonLive, name: 'ours, JSON, live, 50→1', hasSubscriber: true },
  { ...plans.jsonHistory, name: 'ours, JSON, history, 50→1', hasSubscriber: true },
];

/** Fifty publishers, one channel (BEN-1). */
export const ingest: Benchmark = {
  name: 'ingest',
  title: `Ingest 50 → 1, events of ${EVENT_BYTES} B at ${(PUBLISHERS * 1_000) / TURN_EVERY_MS} a second: server CPU for one message`,
  run: runIngest,
};

async function runIngest(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const contenders = await startContenders(ingests, options);
  try {
    for (const contender of contenders) await connect(load, contender);
    for (const contender of contenders) await load.publish(orderOf(contender, 1_000));
    options.onProgress('samples');
    const ms = options.isQuick ? 1_000 : 2_000;
    const samples = await pairedRuns(contenders, options.rounds, (contender) =>
      publishSample(load, contender.server, orderOf(contender, ms)),
    );
    return describe(samples);
  } finally {
    await Promise.all([load.stop(), ...contenders.map(({ server }) => server.stop())]);
  }
}

/** The publishers have a grant and join nothing, so nothing is delivered unless there is a subscriber. */
async function connect(load: Load, contender: Contender & Ingest): Promise<void> {
  const publishes = contender.hasSubscriber ? ['in'] : [];
  await openGroup(load, contender, { name: 'publishers', count: PUBLISHERS, joins: [], publishes }, true);
  if (!contender.hasSubscriber) return;
  await openGroup(load, contender, { name: 'subscriber', count: 1, joins: [['in']], publishes: [] });
}

function orderOf(contender: Contender & Ingest, ms: number): PublishOrder {
  return {
    publishers: [`${contender.name}/publishers`],
    receivers: contender.hasSubscriber ? `${contender.name}/subscriber` : '',
    payloads: [Buffer.from(eventOf(contender)).toString('base64')],
    isBinary: isBinary(contender),
    turns: Math.round(ms / TURN_EVERY_MS),
    turnEveryMs: TURN_EVERY_MS,
    publishersPerTurn: PUBLISHERS,
    messagesPerTurn: 1,
    keepsRate: true,
    deliveriesPerMessage: contender.hasSubscriber ? 1 : 0,
    measuresLatency: false,
  };
}

/** The Protobuf event carries the payload that the JSON event of 256 B does. */
function eventOf({ dialect, room }: Contender): Uint8Array {
  const target = `${room}:in`;
  const json = jsonEventOfSize(target, EVENT_BYTES);
  if (dialect === 'plain') return plainMessage(EVENT_BYTES);
  if (dialect !== 'arqon-proto') return json;
  const overhead = jsonEventOfSize(target, EVENT_BYTES).indexOf('{'.charCodeAt(0), 1);
  return protoEvent(target, jsonPayload(EVENT_BYTES - overhead - 1));
}

function describe(samples: ReadonlyMap<string, readonly PublishSample[]>): BenchmarkResult {
  const costs = (name: string): number[] =>
    (samples.get(name) ?? []).map(({ serverMicros, sent }) => serverMicros / sent);
  const beyond = (name: string): ReturnType<typeof differenceOf> => differenceOf(costs(name), costs(BASE));
  const rows = [...samples].map(([name, own]): Cell[] => [
    name.endsWith('50→1') ? 'to one subscriber' : 'to the Spine port',
    name,
    spreadOf(costs(name)),
    ratioOf(costs(name), costs(BASE)),
    beyond(name),
    spreadOf(own.map(({ gcMicros, sent }) => gcMicros / sent)).median,
    Math.min(...own.map(({ idleShare }) => idleShare * 100)),
  ]);
  const { median } = beyond(plans.jsonLive.name);
  return {
    columns: [
      'path',
      'server',
      'CPU µs/message',
      '× the raw socket',
      'beyond the raw socket',
      'of it GC',
      'load idle %',
    ],
    rows,
    verdicts: [
      `JSON, live: ${median.toFixed(2)} µs beyond the raw socket, goal ${GOAL_MICROS}: ${median <= GOAL_MICROS ? 'kept' : 'MISSED'}`,
    ],
  };
}
