import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans, startContenders } from '../harness/contender.ts';
import type { Contender } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import { pairedRuns } from '../harness/paired-runs.ts';
import { ratioOf, spreadOf } from '../harness/statistics.ts';
import type { OpenReport } from '../load/orders.ts';

const CONNECTIONS = 2_000;
const IN_FLIGHT = 256;
const SETTLE_MS = 500;

type StormSample = OpenReport & { readonly serverMicros: number };

/** Everybody comes back at once (BEN-1): from the TCP connection to the welcome frame. */
export const reconnectStorm: Benchmark = {
  name: 'reconnect-storm',
  title: `Reconnect storm: ${CONNECTIONS} connections, ${IN_FLIGHT} under way at a time, each with a token of its own`,
  run: runReconnectStorm,
};

async function runReconnectStorm(options: RunOptions): Promise<BenchmarkResult> {
  const load = startLoad();
  const all = [plans.jsonLive, { ...plans.jsonLive, name: 'ours, and one join' }, plans.uws, plans.ws, plans.socketIo];
  const contenders = await startContenders(all, options);
  try {
    for (const contender of contenders) await storm(load, contender, CONNECTIONS / 4);
    options.onProgress('samples');
    const samples = await pairedRuns(contenders, options.rounds, (contender) => storm(load, contender, CONNECTIONS));
    return describe(samples);
  } finally {
    await Promise.all([load.stop(), ...contenders.map(({ server }) => server.stop())]);
  }
}

async function storm(load: Load, { name, server, dialect, room }: Contender, count: number): Promise<StormSample> {
  const tokens = await server.tokens(count);
  const joins = name.endsWith('join') ? [[`${room}:storm`]] : [];
  const before = await server.usage();
  const report = await load.open({
    group: name,
    dialect,
    port: server.port,
    count,
    tokens,
    joins,
    publishes: [],
    maxInFlight: IN_FLIGHT,
  });
  const after = await server.usage();
  await load.close(name);
  await new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS);
  });
  return { ...report, serverMicros: (after.cpuMicros - before.cpuMicros) / count };
}

function describe(samples: ReadonlyMap<string, readonly StormSample[]>): BenchmarkResult {
  const costs = (name: string): number[] => (samples.get(name) ?? []).map(({ serverMicros }) => serverMicros);
  const rows = [...samples].map(([name, own]): Cell[] => [
    String(CONNECTIONS),
    name,
    spreadOf(costs(name)),
    ratioOf(costs(name), costs(plans.uws.name)),
    spreadOf(own.map(({ ms }) => ms)),
    spreadOf(own.map(({ ms }) => CONNECTIONS / (ms / 1_000))).median,
    spreadOf(own.map(({ p99Ms }) => p99Ms)).median,
    own.reduce((sum, { cut }) => sum + cut, 0) / own.length,
  ]);
  return {
    columns: [
      'connections',
      'server',
      'CPU µs/handshake',
      '× raw uWS',
      'all open after ms',
      'opens/s',
      'p99 ms',
      'cut',
    ],
    rows,
    verdicts: [],
  };
}
