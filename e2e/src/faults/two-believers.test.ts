import type { AdminSession } from '@arqonbus/testkit';
import { afterEach, expect, test } from 'vitest';
import { drilledCluster, untilBrainsWork } from './harness/brain-drill.ts';
import type { FollowedClient } from './harness/followed-client.ts';
import { report } from './harness/report.ts';

// A Brain stands still for longer than what it holds is its own; another takes over; the first goes on and believes to hold it.

const { bus, connect } = drilledCluster();
const patient = { timeout: 20_000 };
let session: AdminSession | undefined;

function signalAll(kind: 'shields' | 'brains', signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const service of bus()[kind]) service.signal(signal);
}

afterEach(async () => {
  signalAll('brains', 'SIGCONT');
  signalAll('shields', 'SIGCONT');
  await session?.close();
  session = undefined;
});

interface RunRow {
  readonly state: string;
  readonly attempts: number;
  readonly token: string;
}

async function runsOf(jobId: string): Promise<readonly RunRow[]> {
  session ??= await bus().openAdminSession();
  return session.query(
    `SELECT state, attempts, token FROM arqon.cron_runs WHERE job_id = '${jobId.replaceAll("'", '')}' ORDER BY due_at`,
  );
}

/** Asks the Brain's admin port: who answers is awake. */
async function overtakenAt(brain: number): Promise<number> {
  const answer = await fetch(`${bus().brains[brain]?.addresses()['http_url']}/metrics`);
  return Number(/^arqonbus_cron_overtaken_total (\d+)$/m.exec(await answer.text())?.[1] ?? 0);
}

test('[ARC-3] [CRN-2] [R-23] two Brains believe to hold an occurrence: it stays the second one’s, and is stored and told once', async () => {
  const target = { room: 'logged', channel: 'believers' };
  const ann = await connect(0, 'ann');
  await ann.must('join_channel', target);
  await untilBrainsWork(bus());
  const made = await ann.must('op.cron.schedule', { ...target, payload: 'once', delay_seconds: 3 });
  const jobId = String(made['job_id']);
  const [first, second] = [bus().brains[0], bus().brains[1]];
  const heard = (): number => ann.events.filter(({ sender }) => sender === 'op-cron').length;

  // The first claims it while nobody publishes, and stands still with its request under way.
  second?.signal('SIGSTOP');
  signalAll('shields', 'SIGSTOP');
  await expect.poll(() => runsOf(jobId), { ...patient, interval: 10 }).toMatchObject([{ state: 'claimed' }]);
  first?.signal('SIGSTOP');
  const [claimed] = await runsOf(jobId);

  // The second takes it over, and is kept from publishing it, too.
  second?.signal('SIGCONT');
  const tokenOf = async (): Promise<number> => Number((await runsOf(jobId))[0]?.token);
  await expect.poll(tokenOf, patient).toBeGreaterThan(Number(claimed?.token));

  // The first goes on: it has nothing to say about what is another's by now.
  first?.signal('SIGCONT');
  await expect.poll(() => overtakenAt(0), patient).toBeGreaterThanOrEqual(0);
  expect(await runsOf(jobId)).toMatchObject([{ state: 'claimed' }]);
  expect(await tokenOf()).toBeGreaterThan(Number(claimed?.token));

  signalAll('shields', 'SIGCONT');
  await expect.poll(() => runsOf(jobId), patient).toMatchObject([{ state: 'fired' }]);
  await untilBrainsWork(bus());
  await expect.poll(heard, patient).toBe(1);
  expect((await ann.must('history', target))['publications']).toHaveLength(1);
  const [{ attempts } = { attempts: 0 }] = await runsOf(jobId);
  report('two Brains held one occurrence', { attempts, overtaken: (await overtakenAt(0)) + (await overtakenAt(1)) });
}, 90_000);

/** Longer than leases of tasks and of operators, and than it takes another Brain to take over. */
const FROZEN_MS = 12_000;
const TENANTS = ['believers-1', 'believers-2', 'believers-3', 'believers-4', 'believers-5', 'believers-6'];

interface Given {
  readonly submitter: FollowedClient;
  readonly worker: FollowedClient;
  readonly taskId: string;
}

async function give(tenant: string): Promise<Given> {
  const [submitter, worker] = [
    await bus().connect(0, { tenant, user: 'ada' }),
    await bus().connect(1, { tenant, user: 'ben' }),
  ];
  await worker.must('operator.join', { group: 'research' });
  const { task_id: taskId } = await submitter.must('task.submit', { group: 'research', payload: tenant });
  return { submitter, worker, taskId: String(taskId) };
}

const statesOf = (client: FollowedClient, taskId: string): readonly unknown[] =>
  client.frames
    .filter(({ type, payload }) => type === 'task' && payload['task_id'] === taskId)
    .map(({ payload }) => payload['state']);

test('[ARC-3] [OPR-3] [BRN-1] two Brains believe to own work: what was done meanwhile stays done, and is given to nobody again', async () => {
  await untilBrainsWork(bus());
  const given = await Promise.all(TENANTS.map(give));
  for (const { worker, taskId } of given)
    await expect.poll(() => statesOf(worker, taskId), patient).toEqual(['assigned']);
  bus().brains[0]?.signal('SIGSTOP');
  const frozenAt = performance.now();
  // The other has the work of all tenants once it has taken over.
  for (const { worker, taskId } of given) {
    const handIn = async (): Promise<string> =>
      (await worker.command('task.result', { task_id: taskId, attempt: 1, payload: 'mine' })).code;
    await expect.poll(handIn, patient).toBe('ok');
  }
  // The end is told until the submitter has it, so more than once where that was not heard.
  for (const { submitter, taskId } of given)
    await expect.poll(() => statesOf(submitter, taskId), patient).toContain('done');
  // By now the first, which knows nothing of that, takes all leases of its tasks for over.
  await expect.poll(() => performance.now() - frozenAt, patient).toBeGreaterThan(FROZEN_MS);
  bus().brains[0]?.signal('SIGCONT');
  await untilBrainsWork(bus());
  for (const { submitter, worker, taskId } of given) {
    // Two ticks of whoever owns it: what it has to say about the task, it has said.
    const after = await submitter.must('task.submit', { group: 'research', payload: 'after' });
    const afterId = String(after['task_id']);
    await expect.poll(() => statesOf(worker, afterId), patient).toContain('assigned');
    const attempt = Math.max(...assignedAttempts(worker, afterId));
    await worker.must('task.result', { task_id: afterId, attempt, payload: 'mine too' });
    await expect.poll(() => statesOf(submitter, afterId), patient).toContain('done');
    expect(await submitter.must('task.get', { task_id: taskId })).toMatchObject({
      state: 'done',
      attempts: 1,
      payload: 'mine',
    });
    expect(statesOf(worker, taskId)).toEqual(['assigned']);
    expect(new Set(statesOf(submitter, taskId))).toEqual(new Set(['assigned', 'done']));
    const late = await worker.command('task.fail', { task_id: taskId, attempt: 1, reason: 'late' });
    expect(late.code).not.toBe('UNAVAILABLE');
    expect(await submitter.must('task.get', { task_id: taskId })).toMatchObject({ state: 'done', payload: 'mine' });
  }
  for (const { submitter, worker } of given) for (const client of [submitter, worker]) client.end();
}, 120_000);

function assignedAttempts(worker: FollowedClient, taskId: string): readonly number[] {
  return worker.frames
    .filter(({ payload }) => payload['task_id'] === taskId && payload['state'] === 'assigned')
    .map(({ payload }) => Number(payload['attempt']));
}
