import type { Benchmark, BenchmarkResult, RunOptions } from '../harness/benchmark.ts';
import { commandFrame } from '../harness/command-frames.ts';
import { openGroup, plans } from '../harness/contender.ts';
import { joinFirst } from '../harness/join-first.ts';
import { startLoad } from '../harness/load.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { spreadOf } from '../harness/statistics.ts';

import type { AskReport } from '../load/orders.ts';

const MEMBERS = 10_000;
/** A command has 2 s, so no more may wait than are served in that time. */
const IN_FLIGHT = 256;
const PLAN = { ...plans.jsonHistory, name: 'join storm' };

/** Everybody joins one channel (PRS-4): each reply comes after the Brain knows the member. */
export const joinStorm: Benchmark = {
  name: 'join-storm',
  title: `Join storm: ${MEMBERS} members join one channel of a cluster as fast as they can, ${IN_FLIGHT} under way at a time`,
  run: runJoinStorm,
};

type Sample = AskReport & HopCosts & { readonly counted: number };

async function runJoinStorm(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const bus = await startClusterBus({ shields: 1, brains: 1, profileFolder: options.profileFolder });
  try {
    const [server] = bus.endpoints;
    if (server === undefined) throw new Error('the cluster has no Shield');
    options.onProgress('opening');
    const none = { joins: [[]], publishes: [] };
    await openGroup(load, { ...PLAN, server }, { name: 'watcher', count: 1, ...none });
    await openGroup(load, { ...PLAN, server }, { name: 'members', count: MEMBERS, ...none });
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      options.onProgress(`round ${round + 1}`);
      const place = { room: PLAN.room, channel: `storm-${round}` };
      await joinFirst(load, `${PLAN.name}/watcher`, place.room, place.channel);
      const askAll = (command: string, args: object): Promise<AskReport> =>
        load.ask({
          group: `${PLAN.name}/members`,
          frames: [commandFrame(command, args)],
          expected: 1,
          mustHold: '"status":"success"',
          maxInFlight: IN_FLIGHT,
        });
      const costs = await measureHops(bus, load.pid, () => askAll('join_channel', place));
      const { firstAnswer } = await load.ask({
        group: `${PLAN.name}/watcher`,
        frames: [commandFrame('presence', { ...place, limit: 1 })],
        expected: 1,
        mustHold: '"status":"success"',
      });
      samples.push({ ...costs, counted: countOf(firstAnswer) });
      await askAll('leave_channel', place);
    }
    return describe(samples);
  } finally {
    await Promise.all([load.stop(), bus.stop()]);
  }
}

function countOf(answer: string): number {
  const { payload } = JSON.parse(answer) as { readonly payload: { readonly total: number } };
  return payload.total;
}

function describe(samples: readonly Sample[]): BenchmarkResult {
  const spread = (of: (sample: Sample) => number): ReturnType<typeof spreadOf> => spreadOf(samples.map(of));
  const counted = Math.min(...samples.map((sample) => sample.counted));
  return {
    columns: ['members', 'all in after ms', 'p50 ms', 'p99 ms', 'Shield µs/join', 'NATS', 'Brain', 'machine idle %'],
    rows: [
      [
        String(MEMBERS),
        spread(({ ms }) => ms),
        spread(({ p50Ms }) => p50Ms),
        spread(({ p99Ms }) => p99Ms),
        spread(({ shieldMicros }) => (shieldMicros[0] ?? 0) / MEMBERS).median,
        spread(({ natsMicros }) => natsMicros / MEMBERS).median,
        spread(({ brainMicros }) => brainMicros / MEMBERS).median,
        spread(({ machineIdleShare }) => machineIdleShare * 100).median,
      ],
    ],
    verdicts: [
      `the list counts ${counted} members right after, the watcher included: ${MEMBERS + 1} ${counted === MEMBERS + 1 ? 'holds' : 'does not hold'}`,
    ],
  };
}
