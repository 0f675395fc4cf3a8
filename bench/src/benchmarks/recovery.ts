import type { Benchmark, BenchmarkResult, RunOptions } from '../harness/benchmark.ts';
import { ackedEventFrame, commandFrame } from '../harness/command-frames.ts';
import { openGroup, plans } from '../harness/contender.ts';
import type { Endpoint } from '../harness/endpoint.ts';
import { jsonPayload } from '../harness/event-payloads.ts';
import { joinFirst } from '../harness/join-first.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { spreadOf } from '../harness/statistics.ts';

const CLIENTS = 1_000;
const MISSED = [1, 100] as const;
const PAYLOAD_BYTES = 200;
const GOAL_MS = 1_000;
const PLAN = { ...plans.jsonHistory, name: 'recovery' };
const READS = 'arqonbus_recovery_reads_total{from="log"}';

/** A thousand clients come back to one channel at once (LOG-10): one read of the log, and all of it within a second. */
export const recovery: Benchmark = {
  name: 'recovery',
  title: `Recovery: ${CLIENTS} clients join one channel of a cluster from the same position, all at once`,
  run: runRecovery,
};

interface Sample {
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly reads: number;
  readonly shieldMicros: readonly number[];
  readonly natsMicros: number;
  readonly machineIdleShare: number;
}

async function runRecovery(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const bus = await startClusterBus({ shields: 1, brains: 1, profileFolder: options.profileFolder });
  try {
    const [server] = bus.endpoints;
    if (server === undefined) throw new Error('the cluster has no Shield');
    const none = { joins: [[]], publishes: [] };
    await openGroup(load, { ...PLAN, server }, { name: 'writer', count: 1, ...none });
    await openGroup(load, { ...PLAN, server }, { name: 'readers', count: CLIENTS, ...none });
    const rows: BenchmarkResult['rows'][number][] = [];
    const verdicts: string[] = [];
    for (const missed of MISSED) {
      options.onProgress(`${missed} missed`);
      const samples: Sample[] = [];
      for (let round = 0; round <= options.rounds; round += 1) {
        const from = await writeMissed(load, `missed-${missed}-${round}`, missed);
        const before = await readsOf(server);
        const costs = await measureHops(bus, load.pid, () => comeBack(load, from, missed));
        samples.push({ ...costs, reads: (await readsOf(server)) - before });
      }
      // The first one warms up.
      const own = samples.slice(1);
      rows.push(rowOf(missed, own));
      verdicts.push(judge(missed, own));
    }
    return { columns: COLUMNS, rows, verdicts };
  } finally {
    await Promise.all([load.stop(), bus.stop()]);
  }
}

interface Position {
  readonly channel: string;
  readonly epoch: string;
  readonly seq: number;
}

/** Publishes one message, whose position it gives, and those that will be missed. */
async function writeMissed(load: Load, channel: string, missed: number): Promise<Position> {
  const target = `${PLAN.room}:${channel}`;
  await joinFirst(load, `${PLAN.name}/writer`, PLAN.room, channel);
  const publish = (count: number): ReturnType<Load['ask']> =>
    load.ask({
      group: `${PLAN.name}/writer`,
      frames: Array.from({ length: count }, () => ackedEventFrame(target, jsonPayload(PAYLOAD_BYTES))),
      expected: count,
      mustHold: '"status":"success"',
    });
  const { firstAnswer } = await publish(1);
  await publish(missed);
  const { payload } = JSON.parse(firstAnswer) as { readonly payload: { readonly epoch: string; readonly seq: number } };
  return { channel, epoch: payload.epoch, seq: payload.seq };
}

function comeBack(load: Load, { channel, epoch, seq }: Position, missed: number): ReturnType<Load['ask']> {
  return load.ask({
    group: `${PLAN.name}/readers`,
    frames: [commandFrame('join_channel', { room: PLAN.room, channel, from: { epoch, seq } })],
    expected: 1 + missed,
    mustHold: '"recovered":true',
  });
}

async function readsOf({ metricsUrl = '' }: Endpoint): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(READS));
  return Number(line?.slice(READS.length) ?? 0);
}

const COLUMNS: readonly string[] = [
  'missed',
  'all back after ms',
  'p50 ms',
  'p99 ms',
  'reads of the log',
  'Shield µs/client',
  'NATS µs/client',
  'machine idle %',
];

function rowOf(missed: number, samples: readonly Sample[]): BenchmarkResult['rows'][number] {
  const spread = (of: (sample: Sample) => number): ReturnType<typeof spreadOf> => spreadOf(samples.map(of));
  return [
    String(missed),
    spread(({ ms }) => ms),
    spread(({ p50Ms }) => p50Ms),
    spread(({ p99Ms }) => p99Ms),
    spread(({ reads }) => reads),
    spread(({ shieldMicros }) => (shieldMicros[0] ?? 0) / CLIENTS).median,
    spread(({ natsMicros }) => natsMicros / CLIENTS).median,
    spread(({ machineIdleShare }) => machineIdleShare * 100).median,
  ];
}

function judge(missed: number, samples: readonly Sample[]): string {
  const { median } = spreadOf(samples.map(({ p99Ms }) => p99Ms));
  const reads = Math.max(...samples.map((sample) => sample.reads));
  const word = median < GOAL_MS && reads <= 1 ? 'holds' : 'does not hold';
  return `${missed} missed: p99 ${median.toFixed(0)} ms, at most ${reads} reads; one read and p99 < 1 s ${word}`;
}
