import { hasEnded } from './task.ts';
import type { Run, Task, TaskState } from './task.ts';

/** Who may be given a task. */
export interface Taker {
  readonly clientId: string;
  readonly sessionId: string;
}

/** What happens to a task. */
export type TaskEvent =
  | { readonly kind: 'assign'; readonly takers: readonly Taker[] }
  | { readonly kind: 'result'; readonly run: RunRef; readonly result: string; readonly score: number }
  | { readonly kind: 'fail'; readonly run: RunRef; readonly reason: string; readonly isFinal: boolean }
  /** Not counted: the operator has never had it. */
  | {
      readonly kind: 'lose';
      readonly attempts: readonly number[];
      readonly reason: string;
      readonly isCounted: boolean;
    }
  | { readonly kind: 'close_window' }
  | { readonly kind: 'expire' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'replay' };

/** Which run an operator speaks of; attempt 0 = the one that runs at this client. */
export interface RunRef {
  readonly clientId: string;
  readonly attempt: number;
}

/** What becomes of a task; `unchanged` = it has been so already, `refused` = that cannot happen to it. */
export type Transition =
  | { readonly kind: 'changed'; readonly task: Task }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

const UNCHANGED: Transition = { kind: 'unchanged' };

/**
 * The one place where tasks change (OPR-3):
 *
 * - `queued` → `assigned` when operators get it;
 * - `assigned` → `done` by the result that counts, back to `queued` when nobody works on it any more and there is none,
 *   or to `failed` when that has happened `maxAttempts` times;
 * - both → `expired` when its time is over, `cancelled` when nobody wants it; what results there are by then count;
 * - `failed` and `expired` → `queued` when an administrator has it tried again.
 *
 * A run that has ended never counts again, so a result is recorded once and a lost lease stays lost.
 */
export function transition(task: Task, event: TaskEvent, nowMs: number): Transition {
  switch (event.kind) {
    case 'assign':
      return assign(task, event.takers, nowMs);
    case 'result':
      return endRun(task, event.run, { state: 'done', result: event.result, score: event.score }, nowMs);
    case 'fail':
      return endRun(task, event.run, { state: 'failed', result: event.reason, score: 0 }, nowMs, event.isFinal);
    case 'lose':
      return lose(task, event, nowMs);
    case 'close_window':
      return task.state.kind === 'assigned' && hasResult(task) ? finish(task, nowMs) : UNCHANGED;
    case 'expire':
      return expire(task, nowMs);
    case 'cancel':
      return cancel(task, nowMs);
    case 'replay':
      return replay(task, nowMs);
  }
}

/** The run that is meant; undefined where there is none. */
export function findRun({ runs }: Task, { clientId, attempt }: RunRef): Run | undefined {
  if (attempt !== 0) return runs.find((run) => run.attempt === attempt && run.clientId === clientId);
  return runs.findLast((run) => run.clientId === clientId);
}

function assign(task: Task, takers: readonly Taker[], nowMs: number): Transition {
  if (task.state.kind !== 'queued') return refuse('The task is not waiting.');
  if (takers.length === 0) return UNCHANGED;
  const started = takers.map(({ clientId, sessionId }, index): Run => {
    const attempt = task.attempts + index + 1;
    return { attempt, clientId, sessionId, state: 'running', atMs: nowMs, result: '', score: 0 };
  });
  // What came of earlier rounds is known from `failures`; their runs would only grow the record.
  const attempts = task.attempts + started.length;
  return changed({ ...task, attempts, runs: started, state: { kind: 'assigned' } });
}

function endRun(
  task: Task,
  ref: RunRef,
  outcome: Pick<Run, 'state' | 'result' | 'score'>,
  nowMs: number,
  isFinal = false,
): Transition {
  const run = findRun(task, ref);
  if (run === undefined) return refuse('The task is not yours.');
  // Its answer was lost, and it says so again.
  if (run.state === outcome.state) return UNCHANGED;
  if (run.state === 'lost') return refuse('The lease of this attempt is over.');
  if (run.state !== 'running' || hasEnded(task)) return refuse('The task has ended.');
  const runs = task.runs.map((one) => (one === run ? { ...one, ...outcome, atMs: nowMs } : one));
  return settle({ ...task, runs }, nowMs, { isFinal });
}

function lose(
  task: Task,
  { attempts, reason, isCounted }: Extract<TaskEvent, { readonly kind: 'lose' }>,
  nowMs: number,
): Transition {
  const isLost = (run: Run): boolean => run.state === 'running' && attempts.includes(run.attempt);
  if (hasEnded(task) || !task.runs.some(isLost)) return UNCHANGED;
  const runs = task.runs.map((run) => (isLost(run) ? { ...run, state: 'lost' as const, result: reason } : run));
  return settle({ ...task, runs }, nowMs, { isCounted });
}

interface Ending {
  /** Nobody else need try. */
  readonly isFinal?: boolean;
  readonly isCounted?: boolean;
}

/** What follows when a run has ended. */
function settle(task: Task, nowMs: number, { isFinal = false, isCounted = true }: Ending): Transition {
  const results = task.runs.filter(({ state }) => state === 'done').length;
  const isWorkedOn = task.runs.some(({ state }) => state === 'running');
  const isEnough = task.strategy !== 'broadcast' && results >= task.bestOf;
  if (results > 0 && (isEnough || !isWorkedOn)) return finish(task, nowMs);
  if (isWorkedOn) return changed(task);
  const failures = task.failures + (isCounted ? 1 : 0);
  if (!isFinal && failures < task.maxAttempts) return changed({ ...task, failures, state: { kind: 'queued' } });
  return changed(end({ ...task, failures }, { kind: 'failed', atMs: nowMs, reason: lastReason(task) }));
}

function finish(task: Task, atMs: number): Transition {
  return changed(end(task, { kind: 'done', atMs }));
}

function expire(task: Task, atMs: number): Transition {
  if (hasEnded(task)) return UNCHANGED;
  return hasResult(task) ? finish(task, atMs) : changed(end(task, { kind: 'expired', atMs }));
}

function cancel(task: Task, atMs: number): Transition {
  if (task.state.kind === 'cancelled') return UNCHANGED;
  if (hasEnded(task)) return refuse('The task has ended.');
  return changed(end(task, { kind: 'cancelled', atMs }));
}

function replay(task: Task, nowMs: number): Transition {
  if (task.state.kind !== 'failed' && task.state.kind !== 'expired') return refuse('The task is not dead.');
  return changed({ ...task, runs: [], failures: 0, startedAtMs: nowMs, state: { kind: 'queued' } });
}

/** Whoever still works on it works for nothing. */
function end(task: Task, state: TaskState): Task {
  const runs = task.runs.map((run) => (run.state === 'running' ? { ...run, state: 'lost' as const } : run));
  return { ...task, runs, state };
}

function hasResult({ runs }: Task): boolean {
  return runs.some(({ state }) => state === 'done');
}

function lastReason({ runs }: Task): string {
  return runs.findLast(({ result, state }) => state !== 'done' && result !== '')?.result ?? '';
}

function changed(task: Task): Transition {
  return { kind: 'changed', task };
}

function refuse(reason: string): Transition {
  return { kind: 'refused', reason };
}
