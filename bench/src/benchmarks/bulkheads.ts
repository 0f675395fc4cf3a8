import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startServer } from '../harness/servers.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import { openAck } from '../traffic/ack-traffic.ts';
import { measureBesideFlood } from '../traffic/beside-flood.ts';
import type { FloodSample } from '../traffic/beside-flood.ts';

const LIMIT = 500;
const FLOODERS = 20;

/** What the tenant has a right to, and others always have to bear. */
const AT_LIMIT = 'at its limit';
/** What the flood costs by itself where machine and load share two cores: it goes to a server of its own. */
const ELSEWHERE = 'at 10 times its limit, elsewhere';
const FLOOD = 'at 10 times its limit';

/** Messages a second of the other tenant, as so many times its limit. The second quiet one tells what the machine does by itself. */
const contenders = [
  { name: 'quiet', times: 0 },
  { name: 'quiet again', times: 0 },
  { name: AT_LIMIT, times: 1 },
  { name: ELSEWHERE, times: 10 },
  { name: FLOOD, times: 10 },
] as const;
type Contender = (typeof contenders)[number];

/** PRT-23: what a tenant that sends more than it may costs, and what a client of another tenant feels of it. */
export const bulkheads: Benchmark = {
  name: 'bulkheads',
  title: `A tenant that may send ${LIMIT} messages a second sends more, beside a client of another that publishes with \`ack\`, one message at a time`,
  run: runBulkheads,
};

async function runBulkheads(options: RunOptions): Promise<BenchmarkResult> {
  const [good, bad] = [startLoad(), startLoad()];
  const settings = { ARQONBUS_LIMITS_MESSAGES_PER_TENANT_PER_SECOND: String(LIMIT) };
  const server = await startServer('arqon', options.profileFolder, settings);
  const elsewhere = await startServer('arqon', undefined, settings);
  try {
    await openAck(good, plans.jsonLive, server);
    let users = 0;
    // A minute, as percentiles are watched in: how it begins is in it, and how it goes on.
    const ms = options.isQuick ? 1_500 : 60_000;
    const sample = async ({ name, times }: Contender): Promise<FloodSample> => {
      const flooded = name === ELSEWHERE ? elsewhere : server;
      // Others each time: who was cut is held off for longer from one sample to the next.
      const tokens = await flooded.tokens(FLOODERS, true, 'globex', users);
      users += FLOODERS;
      return measureBesideFlood({ good, bad, server, flooded, tokens }, times * LIMIT, ms);
    };
    await sample(contenders[2]);
    options.onProgress('samples');
    return describe(await pairedRuns(contenders, options.rounds, sample));
  } finally {
    await Promise.all([good.stop(), bad.stop(), server.stop(), elsewhere.stop()]);
  }
}

function describe(samples: ReadonlyMap<string, readonly FloodSample[]>): BenchmarkResult {
  const p99 = (name: string): number[] => (samples.get(name) ?? []).map(({ good }) => good.p99Ms);
  const rows = [...samples].map(([name, own]): Cell[] => [
    name,
    spreadOf(own.map(({ flood }) => flood.sent / (flood.ms / 1_000))).median,
    spreadOf(own.map(({ flood }) => flood.refused / (flood.ms / 1_000))).median,
    spreadOf(own.map(({ flood }) => flood.cut)).median,
    spreadOf(own.map(({ good }) => good.p50Ms)),
    spreadOf(p99(name)),
    ratioOf(p99(name), p99('quiet')),
    spreadOf(own.map(({ good }) => good.acked / (good.ms / 1_000))).median,
    spreadOf(own.map(({ serverMicros, good }) => serverMicros / good.ms / 10)).median,
  ]);
  const noise = ratioOf(p99('quiet again'), p99('quiet'));
  const cost = ratioOf(p99(FLOOD), p99(ELSEWHERE));
  const excess = ratioOf(p99(FLOOD), p99(AT_LIMIT));
  return {
    columns: ['the other', 'sent/s', 'refused/s', 'cut', 'p50 ms', 'p99 ms', '× quiet', 'acks/s', 'server CPU %'],
    rows,
    verdicts: [
      `beside a flood of its own Shield, against the same flood of another one: ${cost.median.toFixed(2)} × (${cost.min.toFixed(2)} to ${cost.max.toFixed(2)}).`,
      `beside a flood, against the same tenant at its limit: ${excess.median.toFixed(2)} × (${excess.min.toFixed(2)} to ${excess.max.toFixed(2)}).`,
      `1.1 × is asked for at 10 times the limit; with no flood at all the machine gives ${noise.min.toFixed(2)} to ${noise.max.toFixed(2)} ×.`,
    ],
  };
}
