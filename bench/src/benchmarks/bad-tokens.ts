import { createDevelopmentIssuer } from '@arqonbus/auth';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans } from '../harness/contender.ts';
import type { ContenderPlan } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { startServer } from '../harness/servers.ts';
import type { Server } from '../harness/servers.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { AckReport, FloodReport } from '../load/orders.ts';
import { ackOrder, openAck } from '../traffic/ack-traffic.ts';

const places = ['open', 'held', 'raw'] as const;

type ServerName = (typeof places)[number];

/**
 * How many bad tokens come a second, and where: at a server that holds no address back, at one with the shipped limits of an
 * address, or at raw uWebSockets.js, which looks at nothing before it refuses: what is felt beside that is the price of the
 * connections alone. The second quiet one tells what the machine does by itself.
 */
const contenders: readonly FloodContender[] = [
  { name: 'quiet', at: 'open', perSecond: 0 },
  { name: 'quiet again', at: 'open', perSecond: 0 },
  { name: 'quiet, raw', at: 'raw', perSecond: 0 },
  { name: '200 a second', at: 'open', perSecond: 200 },
  { name: '1,000 a second', at: 'open', perSecond: 1_000 },
  { name: '5,000 a second', at: 'open', perSecond: 5_000 },
  { name: '1,000 a second, one address', at: 'held', perSecond: 1_000 },
  { name: '5,000 a second, one address', at: 'held', perSecond: 5_000 },
  { name: '1,000 a second, raw', at: 'raw', perSecond: 1_000 },
  { name: '5,000 a second, raw', at: 'raw', perSecond: 5_000 },
];

const SHIPPED_LIMITS: Readonly<Record<string, string>> = {
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_PER_SECOND: String(DEFAULT_LIMITS.newConnectionsPerIpPerSecond),
  ARQONBUS_LIMITS_NEW_CONNECTIONS_PER_IP_BURST: String(DEFAULT_LIMITS.newConnectionsPerIpBurst),
};

interface FloodContender {
  readonly name: string;
  readonly at: ServerName;
  readonly perSecond: number;
}

interface FloodSample {
  readonly good: AckReport;
  readonly bad: FloodReport;
  readonly serverMicros: number;
}

/** what handshakes with bad tokens cost, and what a good client beside them feels. */
export const badTokens: Benchmark = {
  name: 'bad-tokens',
  title: 'A flood of bad tokens beside a good client that publishes with `ack`, one message at a time',
  run: runBadTokens,
};

async function runBadTokens(options: RunOptions): Promise<BenchmarkResult> {
  const [good, bad] = [startLoad(), startLoad()];
  const servers = {
    open: await startServer('arqon', options.profileFolder),
    held: await startServer('arqon', undefined, SHIPPED_LIMITS),
    raw: await startServer('uws'),
  };
  try {
    const token = await forgeToken();
    for (const at of places) await openAck(good, planAt(at), servers[at]);
    const ms = options.isQuick ? 1_500 : 4_000;
    const sample = ({ at, perSecond }: FloodContender): Promise<FloodSample> =>
      measure({ good, bad, server: servers[at], plan: planAt(at) }, { token, perSecond, ms });
    for (const at of places) await sample({ name: 'warm', at, perSecond: 1_000 });
    options.onProgress('samples');
    return describe(await pairedRuns(contenders, options.rounds, sample));
  } finally {
    await Promise.all([good, bad, ...Object.values(servers)].map((one) => one.stop()));
  }
}

function planAt(at: ServerName): ContenderPlan {
  return { ...(at === 'raw' ? plans.uws : plans.jsonLive), name: at };
}

/** Well-formed, and signed with another secret: it is refused by its signature, which costs most. */
function forgeToken(): Promise<string> {
  const issuer = createDevelopmentIssuer({ secret: 'another-secret-of-32-bytes-or-more', now: Date.now });
  return issuer.issue({ tenant: 'acme', user: 'mallory', role: 'admin', ttlMs: 3_600_000 });
}

interface Scene {
  readonly good: Load;
  readonly bad: Load;
  readonly server: Server;
  readonly plan: ContenderPlan;
}

async function measure(
  { good, bad, server, plan }: Scene,
  flood: { readonly token: string; readonly perSecond: number; readonly ms: number },
): Promise<FloodSample> {
  const before = await server.usage();
  const [answered, refused] = await Promise.all([
    good.ack(ackOrder(plan, 1, flood.ms)),
    bad.flood({ ...flood, port: server.port }),
  ]);
  const after = await server.usage();
  return { good: answered, bad: refused, serverMicros: after.cpuMicros - before.cpuMicros };
}

function describe(samples: ReadonlyMap<string, readonly FloodSample[]>): BenchmarkResult {
  const p99sOf = (name: string): number[] => (samples.get(name) ?? []).map(({ good }) => good.p99Ms);
  const rows = contenders.map(({ name, at, perSecond }): Cell[] => {
    const own = samples.get(name) ?? [];
    const quiet = quietOf(at);
    return [
      name,
      spreadOf(own.map(({ bad }) => bad.tried / (bad.ms / 1_000))).median,
      spreadOf(own.map(({ good }) => good.p50Ms)),
      spreadOf(p99sOf(name)),
      ratioOf(p99sOf(name), p99sOf(quiet)),
      spreadOf(own.map(({ good }) => good.acked / (good.ms / 1_000))).median,
      perSecond === 0 ? '–' : spreadOf(costsOf(own, samples.get(quiet) ?? [])).median,
      [...new Set(own.flatMap(({ bad }) => Object.keys(bad.statuses)))].join(' '),
    ];
  });
  const noise = ratioOf(p99sOf('quiet again'), p99sOf('quiet'));
  return {
    columns: ['bad tokens', 'tried/s', 'p50 ms', 'p99 ms', '× quiet', 'acks/s', 'CPU µs/bad token', 'answers'],
    rows,
    verdicts: [
      `A-15 asks for 1.2 × at most; with no flood at all the machine gives ${noise.min.toFixed(2)} to ${noise.max.toFixed(2)} ×.`,
    ],
  };
}

/** The run that is compared with: of the same kind of server, without a flood. */
function quietOf(at: ServerName): string {
  return at === 'raw' ? 'quiet, raw' : 'quiet';
}

/** What the server used beyond a quiet run of as many answers to the good client, for one bad token. */
function costsOf(own: readonly FloodSample[], quiet: readonly FloodSample[]): number[] {
  const perAck = spreadOf(quiet.map(({ serverMicros, good }) => serverMicros / good.acked)).median;
  return own.map(({ serverMicros, good, bad }) => (serverMicros - perAck * good.acked) / bad.tried);
}
