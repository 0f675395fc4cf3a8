import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import { jsonEvent, jsonPayload } from '../harness/event-payloads.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startServer } from '../harness/servers.ts';
import type { Server } from '../harness/servers.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { AckReport, SpamReport } from '../load/orders.ts';
import { ackOrder, openAck } from '../traffic/ack-traffic.ts';

const LIMIT = 500;
const FLOODERS = 20;
const PAYLOAD_BYTES = 200;
/** The good client stays below the limit, too. */
const REST_MS = 4;

/** Messages a second of the other tenant, as so many times its limit. The second quiet one tells what the machine does by itself. */
const contenders = [
  { name: 'quiet', times: 0 },
  { name: 'quiet again', times: 0 },
  { name: 'at its limit', times: 1 },
  { name: 'at 10 times its limit', times: 10 },
] as const;

interface FloodSample {
  readonly good: AckReport;
  readonly flood: SpamReport;
  readonly serverMicros: number;
}

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
  try {
    await openAck(good, plans.jsonLive, server);
    const tokens = await server.tokens(FLOODERS, true, 'globex');
    const ms = options.isQuick ? 1_500 : 4_000;
    const sample = ({ times }: (typeof contenders)[number]): Promise<FloodSample> =>
      measure({ good, bad, server, tokens }, times * LIMIT, ms);
    await sample(contenders[2]);
    options.onProgress('samples');
    return describe(await pairedRuns(contenders, options.rounds, sample));
  } finally {
    await Promise.all([good.stop(), bad.stop(), server.stop()]);
  }
}

interface Scene {
  readonly good: Load;
  readonly bad: Load;
  readonly server: Server;
  readonly tokens: readonly string[];
}

async function measure({ good, bad, server, tokens }: Scene, perSecond: number, ms: number): Promise<FloodSample> {
  const payload = Buffer.from(jsonEvent('live:flood', jsonPayload(PAYLOAD_BYTES))).toString('base64');
  const before = await server.usage();
  const [answered, flood] = await Promise.all([
    good.ack({ ...ackOrder(plans.jsonLive, 1, ms), restMs: REST_MS }),
    bad.spam({ port: server.port, tokens, payload, perSecond, ms }),
  ]);
  const after = await server.usage();
  return { good: answered, flood, serverMicros: after.cpuMicros - before.cpuMicros };
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
  return {
    columns: ['the other', 'sent/s', 'refused/s', 'cut', 'p50 ms', 'p99 ms', '× quiet', 'acks/s', 'server CPU %'],
    rows,
    verdicts: [
      `1.1 × is asked for at 10 times the limit; with no flood at all the machine gives ${noise.min.toFixed(2)} to ${noise.max.toFixed(2)} ×.`,
    ],
  };
}
