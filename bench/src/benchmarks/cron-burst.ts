import { setTimeout as delay } from 'node:timers/promises';
import { Samples } from '@arqonbus/telemetry';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { measureHops } from '../harness/measure-hops.ts';
import type { HopCosts } from '../harness/measure-hops.ts';
import { farthestApart, twoBuses } from '../harness/two-buses.ts';

const JOBS = 10_000;
const QUICK_JOBS = 1_000;
const IN_FLIGHT = 16;
const TARGET = { room: 'live', channel: 'cron' };
/** Made first, to see how long the others will take; they are due in the night of a year's turn. */
const TRIAL_JOBS = 200;
const NEVER_IN_THIS_RUN = '0 3 1 1 *';
const MAKING_MARGIN = 1.5;
const REST_MS = 3_000;
/** CRN-3. */
const ALLOWED_MS = 2_000;
const GIVE_UP_MS = 60_000;

/** CRN-3: many schedules that are due in the same second. */
export const cronBurst: Benchmark = {
  name: 'cron',
  title: 'Schedules that are all due at one moment: from there to the client that reads them; CPU µs for one',
  run: runCronBurst,
};

async function runCronBurst({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const count = isQuick ? QUICK_JOBS : JOBS;
  const rows: Cell[][] = [];
  const verdicts: string[] = [];
  for (const [name, start] of twoBuses) {
    onProgress(name);
    const bus = await start();
    try {
      const burst = await measure(bus, count);
      const { lags, makingMs, shieldMicros, natsMicros, brainMicros, postgresMicros } = burst;
      const shields = shieldMicros.reduce((sum, micros) => sum + micros, 0);
      const each = [shields, natsMicros, brainMicros, postgresMicros].map((micros) => micros / lags.count);
      const [p50 = 0, p99 = 0, last = 0] = [0.5, 0.99, 1].map((part) => lags.percentile(part));
      rows.push([name, String(count), (count * 1_000) / makingMs, String(lags.count), p50, p99, last, ...each]);
      verdicts.push(`${name}: the last of ${lags.count} came after ${last} ms; ${ALLOWED_MS} are allowed.`);
    } finally {
      await bus.stop();
    }
  }
  return { columns: COLUMNS, rows, verdicts };
}

const COLUMNS: readonly string[] = [
  'bus',
  'schedules',
  'made a second',
  'occurrences',
  'p50 ms',
  'p99 ms',
  'last ms',
  'Shields',
  'NATS',
  'Brains',
  'Postgres',
];

interface Burst extends HopCosts {
  /** How long after its moment the client had each occurrence. */
  readonly lags: Samples;
  readonly makingMs: number;
}

async function measure(bus: Bus, count: number): Promise<Burst> {
  const [first, last] = farthestApart(bus);
  const [maker, reader] = [await connectCommands(first), await connectCommands(last)];
  await reader.command('join_channel', TARGET);
  const trialMs = await makeAll(maker, TRIAL_JOBS, NEVER_IN_THIS_RUN);
  const estimateMs = (trialMs / TRIAL_JOBS) * count * MAKING_MARGIN;
  const dueMs = Math.ceil((Date.now() + estimateMs + REST_MS) / 1_000) * 1_000;
  const due = new Date(dueMs);
  const lags = new Samples();
  const seen = new Set<string>();
  reader.onFrame(({ type, id = '' }) => {
    if (type !== 'event' || seen.has(id)) return;
    seen.add(id);
    lags.add(Date.now() - dueMs);
  });
  const makingMs = await makeAll(
    maker,
    count,
    `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`,
  );
  if (Date.now() > dueMs) throw new Error('making the schedules took longer than until they were due');
  await delay(dueMs - Date.now());
  const costs = await measureHops(bus, process.pid, async () => {
    while (seen.size < count && Date.now() < dueMs + GIVE_UP_MS) await delay(50);
    return {};
  });
  for (const { close } of [maker, reader]) close();
  return { ...costs, lags, makingMs };
}

/** Gives how long it took. */
async function makeAll(maker: CommandClient, count: number, cron: string): Promise<number> {
  const startedMs = performance.now();
  let left = count;
  const make = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      // What the machine was too busy for is asked again; that makes one more, at most.
      const isMade = await maker.tries('op.cron.schedule', { ...TARGET, payload: { n: left }, cron });
      if (!isMade) left += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, make));
  return performance.now() - startedMs;
}
