import { setTimeout as delay } from 'node:timers/promises';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import { farthestApart, twoBuses } from '../harness/two-buses.ts';

const JOBS = 10_000;
const QUICK_JOBS = 1_000;
const IN_FLIGHT = 16;
const TARGET = { room: 'live', channel: 'cron' };
/** How long making so many schedules may take, beside a few seconds to rest. */
const MAKING_MS_PER_JOB = 25;
const REST_MS = 5_000;
/** CRN-3. */
const ALLOWED_MS = 2_000;
const GIVE_UP_MS = 60_000;

/** CRN-3: many schedules that are due in the same second. */
export const cronBurst: Benchmark = {
  name: 'cron',
  title: 'Schedules that are all due at one moment: from there to the client that reads them',
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
      const lags = (await measure(bus, count)).toSorted((a, b) => a - b);
      const [p50, p99, last] = [0.5, 0.99, 1].map((part) => lags[Math.ceil(part * lags.length) - 1] ?? Number.NaN);
      rows.push([name, count, lags.length, ...[p50, p99, last].map((ms = Number.NaN) => Math.round(ms))]);
      verdicts.push(
        `${name}: the last of ${lags.length} came after ${last?.toFixed(0)} ms; ${ALLOWED_MS} are allowed.`,
      );
    } finally {
      await bus.stop();
    }
  }
  return { columns: ['bus', 'schedules', 'occurrences', 'p50 ms', 'p99 ms', 'last ms'], rows, verdicts };
}

/** For each schedule how long after its moment the client had it; each once. */
async function measure(bus: Bus, count: number): Promise<readonly number[]> {
  const [first, last] = farthestApart(bus);
  const [maker, reader] = [await connectCommands(first), await connectCommands(last)];
  await reader.command('join_channel', TARGET);
  const dueMs = Math.ceil((Date.now() + count * MAKING_MS_PER_JOB + REST_MS) / 1_000) * 1_000;
  const due = new Date(dueMs);
  const cron = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
  const lagsById = new Map<string, number>();
  reader.onFrame(({ type, id = '' }) => {
    if (type === 'event' && !lagsById.has(id)) lagsById.set(id, Date.now() - dueMs);
  });
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
  if (Date.now() > dueMs) throw new Error('making the schedules took longer than until they were due');
  while (lagsById.size < count && Date.now() < dueMs + GIVE_UP_MS) await delay(50);
  for (const { close } of [maker, reader]) close();
  return [...lagsById.values()];
}
