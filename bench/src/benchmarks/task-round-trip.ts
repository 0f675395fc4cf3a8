import { Samples } from '@arqonbus/telemetry';
import type { Benchmark, BenchmarkResult, Cell, RunOptions } from '../harness/benchmark.ts';
import type { Bus } from '../harness/bus.ts';
import { connectCommands } from '../harness/command-client.ts';
import type { CommandClient } from '../harness/command-client.ts';
import { farthestApart, twoBuses } from '../harness/two-buses.ts';

const TASKS = 2_000;
const QUICK_TASKS = 200;
const WARM_UP = 20;
const AT_ONCE = [1, 16];
const GROUP = 'bench';

/** OPR-2: from the submission of a task to its result, by way of an operator that answers at once. */
export const taskRoundTrip: Benchmark = {
  name: 'tasks',
  title: 'Tasks for an operator on the other Shield that answers at once: from the command to the result',
  run: runTasks,
};

async function runTasks({ isQuick, onProgress }: RunOptions): Promise<BenchmarkResult> {
  const count = isQuick ? QUICK_TASKS : TASKS;
  const rows: Cell[][] = [];
  for (const [name, start] of twoBuses) {
    onProgress(name);
    const bus = await start();
    try {
      for (const atOnce of AT_ONCE) rows.push([name, atOnce, count, ...(await measure(bus, count, atOnce))]);
    } finally {
      await bus.stop();
    }
  }
  return { columns: ['bus', 'at once', 'tasks', 'p50 ms', 'p99 ms', 'tasks/s'], rows, verdicts: [] };
}

interface Told {
  readonly task_id: string;
  readonly role: string;
  readonly state: string;
  readonly attempt?: number;
}

async function measure(bus: Bus, count: number, atOnce: number): Promise<readonly number[]> {
  const [first, last] = farthestApart(bus);
  const [submitter, operator] = [await connectCommands(first), await connectCommands(last)];
  const done = followEnds(submitter);
  answerAll(operator);
  await operator.command('operator.join', { group: GROUP, max_in_flight: 64 });
  const run = async (): Promise<number> => {
    const startedMs = performance.now();
    const { task_id: id } = await submitter.command('task.submit', { group: GROUP, payload: { n: startedMs } });
    await done(String(id));
    return performance.now() - startedMs;
  };
  for (let n = 0; n < WARM_UP; n += 1) await run();
  const spans = new Samples();
  const startedMs = performance.now();
  let left = count;
  const work = async (): Promise<void> => {
    while ((left -= 1) >= 0) spans.add(await run());
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const perSecond = (count * 1_000) / (performance.now() - startedMs);
  for (const client of [submitter, operator]) client.close();
  return [spans.percentile(0.5), spans.percentile(0.99), Math.round(perSecond)];
}

function answerAll(operator: CommandClient): void {
  let sent = 0;
  operator.onFrame(({ type, payload }) => {
    const { task_id: taskId, state, attempt } = (payload ?? {}) as unknown as Told;
    if (type !== 'task' || state !== 'assigned') return;
    const id = `arq_result-${String((sent += 1)).padStart(8, '0')}`;
    const args = { task_id: taskId, attempt, payload: { ok: true } };
    operator.send({ id, type: 'command', command: 'task.result', args });
  });
}

/** What resolves once a task is done, whether that is told before it is asked for or after. */
function followEnds(submitter: CommandClient): (taskId: string) => Promise<void> {
  const ended = new Set<string>();
  const waiting = new Map<string, () => void>();
  submitter.onFrame(({ type, payload }) => {
    const { task_id: taskId, state } = (payload ?? {}) as unknown as Told;
    if (type !== 'task' || state !== 'done') return;
    const resolve = waiting.get(taskId);
    waiting.delete(taskId);
    if (resolve === undefined) ended.add(taskId);
    else resolve();
  });
  return (taskId) =>
    ended.delete(taskId) ? Promise.resolve() : new Promise((resolve) => waiting.set(taskId, resolve));
}
