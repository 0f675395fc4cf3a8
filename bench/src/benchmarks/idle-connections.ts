import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import { plans, startContenders } from '../harness/contender.ts';
import type { Contender } from '../harness/contender.ts';
import { startLoad } from '../harness/load.ts';
import type { Load } from '../harness/load.ts';
import type { ProcessUsage } from '../harness/probe-process.ts';

const CONNECTIONS = 10_000;
const WARM_UP = 500;
const SUBSCRIPTIONS = 3;
const CHANNELS = 100;
const GOAL_KIB = 6;
const SETTLE_MS = 2_000;

/** Memory of connections that do nothing (BEN-1). Not paired: memory does not depend on what else the machine does. */
export const idleConnections: Benchmark = {
  name: 'idle-connections',
  title: `${CONNECTIONS} idle authenticated connections with ${SUBSCRIPTIONS} subscriptions each: server memory for one`,
  run: runIdleConnections,
};

async function runIdleConnections(options: RunOptions): Promise<BenchmarkResult> {
  const rows: Cell[][] = [];
  const verdicts: string[] = [];
  const count = options.isQuick ? CONNECTIONS / 2 : CONNECTIONS;
  for (const plan of [plans.jsonLive, plans.jsonHistory, plans.uws, plans.ws, plans.socketIo]) {
    options.onProgress(plan.name);
    const [contender] = await startContenders([plan], options);
    if (contender === undefined) continue;
    const kib = await measure(contender, count, rows);
    if (plan.kind === 'arqon')
      verdicts.push(
        `${plan.name}: ${kib.toFixed(2)} KiB a connection, goal ${GOAL_KIB}: ${kib <= GOAL_KIB ? 'kept' : 'MISSED'}`,
      );
  }
  const columns = [
    'connections',
    'server',
    'empty MiB',
    'full MiB',
    'KiB/connection',
    'of it V8 heap',
    'of it external',
    'open ms',
    'CPU % idle',
  ];
  return { columns, rows, verdicts };
}

/** The empty process has had connections before: code that is compiled once is not a connection's. */
async function measure(contender: Contender, count: number, rows: Cell[][]): Promise<number> {
  const { server } = contender;
  const load = startLoad();
  try {
    await openIdle(load, contender, WARM_UP, 'warm-up');
    await load.close('warm-up');
    await pause(SETTLE_MS);
    const empty = await server.settledUsage();
    const openMs = await openIdle(load, contender, count, 'idle');
    await pause(SETTLE_MS);
    const full = await server.settledUsage();
    const idleCpu = await idleCpuPercent(contender);
    const each = (read: (usage: ProcessUsage) => number): number => (read(full) - read(empty)) / 1_024 / count;
    const kib = each(({ rssBytes }) => rssBytes);
    const mib = ({ rssBytes }: ProcessUsage): number => rssBytes / 1_048_576;
    const heap = each(({ heapUsedBytes }) => heapUsedBytes);
    rows.push([
      String(count),
      contender.name,
      mib(empty),
      mib(full),
      kib,
      heap,
      each(({ externalBytes }) => externalBytes),
      openMs,
      idleCpu,
    ]);
    return kib;
  } finally {
    await Promise.all([load.stop(), server.stop()]);
  }
}

/** Every connection is a user of its own and is in three of a hundred channels of one room. */
async function openIdle(
  load: Load,
  { server, dialect, room }: Contender,
  count: number,
  group: string,
): Promise<number> {
  const joins = Array.from({ length: CHANNELS }, (_, first) =>
    Array.from({ length: SUBSCRIPTIONS }, (_unused, index) => `${room}:idle-${(first + index) % CHANNELS}`),
  );
  const tokens = await server.tokens(count);
  const { ms } = await load.open({
    group,
    dialect,
    port: server.port,
    count,
    tokens,
    joins,
    publishes: [],
    maxInFlight: 100,
  });
  return ms;
}

async function idleCpuPercent({ server }: Contender): Promise<number> {
  const before = await server.usage();
  const startedAt = performance.now();
  await pause(SETTLE_MS);
  const after = await server.usage();
  return ((after.cpuMicros - before.cpuMicros) / 1_000 / (performance.now() - startedAt)) * 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
