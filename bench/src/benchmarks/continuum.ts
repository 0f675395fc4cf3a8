import { setTimeout as delay } from 'node:timers/promises';
import { readBrainMetrics } from '../harness/brain-metrics.ts';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { isWanted } from '../harness/contender.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { startClusterBus } from '../harness/start-cluster-bus.ts';
import { steadyRate } from '../harness/steady-rate.ts';
import type { SteadyRun } from '../harness/steady-rate.ts';

/** The first one shows what an event takes that meets no other; CTM-4 asks for the last one. */
const RATES = [20, 300, 1_000, 2_000] as const;
const ALLOWED_ACK_MS = 20;
const ALLOWED_LAG_SECONDS = 5;
const SECONDS = 30;
const QUICK_SECONDS = 8;
const AGENTS = 4;
const EPISODES = 500;
const GIVE_UP_MS = 120_000;
const WARM_UP = 200;
/** A logged channel as any other, for what is due to the log alone. */
const PLAIN = ['science', 'general'] as const;
const OWN = ['continuum', 'episodes'] as const;

/** CTM-4: events of episodes at a fixed rate, to their rows in Postgres. */
export const continuum: Benchmark = {
  name: 'continuum',
  title: 'Episodes of agents beside a plain logged channel: two Shields, two Brains, Postgres; CPU µs for one event',
  run: runContinuum,
};

type Sample = SteadyRun & HopCosts;

async function runContinuum({ isQuick, only, profileFolder, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const bus = await startClusterBus({ shields: 2, brains: 2, profileFolder });
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_, n) => connectAgent(bus, n % bus.endpoints.length)),
  );
  const rows: Cell[][] = [];
  const verdicts: string[] = [];
  try {
    await publishAll(bus, agents, PLAIN, WARM_UP, WARM_UP);
    const none = await readBrainMetrics(bus);
    await publishAll(bus, agents, OWN, WARM_UP, WARM_UP);
    await untilProjected(bus, none, WARM_UP);
    for (const rate of RATES.filter((each) => isWanted(`${each} a second`, only))) {
      const count = rate * (isQuick ? QUICK_SECONDS : SECONDS);
      onProgress(`${rate} a second`);
      rows.push(rowOf(PLAIN, rate, await publishAll(bus, agents, PLAIN, count, rate)));
      const before = await readBrainMetrics(bus);
      const own = await publishAll(bus, agents, OWN, count, rate);
      const figures = await untilProjected(bus, before, count);
      rows.push(rowOf(OWN, rate, own, figures));
      verdicts.push(...judge(rate, own, figures));
    }
    return { columns: COLUMNS, rows, verdicts };
  } finally {
    for (const agent of agents) agent.close();
    await bus.stop();
  }
}

const COLUMNS: readonly string[] = [
  'channel',
  'asked for',
  'a second',
  'ack p50 ms',
  'ack p99 ms',
  'Shields',
  'NATS',
  'Brains',
  'Postgres',
  'machine idle %',
  'lag p50 s ≤',
  'lag p95 s ≤',
  'duplicates',
];

function rowOf([room, channel]: typeof PLAIN | typeof OWN, rate: number, sample: Sample, figures?: Figures): Cell[] {
  const { spansMs, perSecond, shieldMicros, natsMicros, brainMicros, postgresMicros, machineIdleShare } = sample;
  const count = spansMs.count;
  return [
    `${room}:${channel}`,
    String(rate),
    perSecond,
    spansMs.percentile(0.5),
    spansMs.percentile(0.99),
    shieldMicros.reduce((sum, micros) => sum + micros, 0) / count,
    natsMicros / count,
    brainMicros / count,
    postgresMicros / count,
    machineIdleShare * 100,
    ...(figures === undefined
      ? ['', '', '']
      : [String(figures.lagSeconds(0.5)), String(figures.lagSeconds(0.95)), String(figures.duplicates)]),
  ];
}

function judge(rate: number, { spansMs }: Sample, figures: Figures): readonly string[] {
  return [
    `${rate} a second: 99 of 100 were acknowledged within ${spansMs.percentile(0.99).toFixed(1)} ms; ${ALLOWED_ACK_MS} are allowed, on machines of their own.`,
    `${rate} a second: 95 of 100 were projected within ${figures.lagSeconds(0.95)} s; ${ALLOWED_LAG_SECONDS} are allowed. ${figures.duplicates} duplicates; none is allowed.`,
  ];
}

async function connectAgent({ endpoints }: Bus, shield: number): Promise<CommandClient> {
  const endpoint = endpoints[shield];
  if (endpoint === undefined) throw new Error('the bus has no such Shield');
  return connectCommands(endpoint, { hasPublishGrant: true });
}

let published = 0;

function publishAll(
  bus: Bus,
  agents: readonly CommandClient[],
  [room, channel]: typeof PLAIN | typeof OWN,
  count: number,
  rate: number,
): Promise<Sample> {
  const publish = async (n: number): Promise<void> => agents[n % AGENTS]?.publish(room, channel, nextEvent(n % AGENTS));
  return measureHops(bus, process.pid, () => steadyRate(count, rate, publish));
}

function nextEvent(agent: number): object {
  const n = (published += 1);
  return {
    event_id: `event-${n}`,
    event_type: 'episode.updated',
    tenant_id: 'acme',
    agent_id: `agent-${agent}`,
    episode_id: `episode-${n % EPISODES}`,
    source_ts: new Date().toISOString(),
    schema_version: 1,
    payload: { content_ref: `s3://episodes/${n}`, tags: ['bench'], metadata: { n }, summary: 'x'.repeat(200) },
  };
}

interface Figures {
  readonly duplicates: number;
  /** The upper end of the bucket that this part of the events ends in. */
  lagSeconds(part: number): number;
}

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600];

async function untilProjected(bus: Bus, before: (line: string) => number, count: number): Promise<Figures> {
  const untilMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    const now = await readBrainMetrics(bus);
    const since = (line: string): number => now(line) - before(line);
    const outcome = (name: string): number => since(`arqonbus_continuum_events_total{outcome="${name}"}`);
    const done = outcome('projected') + outcome('stale_rejected') + outcome('duplicate');
    if (done >= count) {
      const within = (le: number): number => since(`arqonbus_continuum_lag_seconds_bucket{le="${le}"}`);
      return {
        duplicates: outcome('duplicate'),
        lagSeconds: (part) => BOUNDS.find((le) => within(le) >= part * done) ?? Number.POSITIVE_INFINITY,
      };
    }
    if (performance.now() > untilMs) throw new Error(`${done} of ${count} events were projected`);
    await delay(100);
  }
}
