import type { ClientId, UserId } from '@arqonbus/protocol';

/** How a task is given out (OPR-2): to one after the other, to several that race, or to all that are there. */
export type Strategy = 'round_robin' | 'competing' | 'broadcast';

/** One operator's try at a task. */
export interface Run {
  /** Never the same twice in one task: who shows another one has lost its lease (OPR-3). */
  readonly attempt: number;
  readonly clientId: string;
  readonly sessionId: string;
  readonly state: 'running' | 'done' | 'failed' | 'lost';
  /** Wall time of its start, or of its end. */
  readonly atMs: number;
  /** JSON of what came of it; '' = nothing. Of a failure, why. */
  readonly result: string;
  /** How good the operator says its result is. */
  readonly score: number;
}

/** Where a task stands. Only `failed` and `expired` are dead: they may be tried again. */
export type TaskState =
  | { readonly kind: 'queued' }
  | { readonly kind: 'assigned' }
  | { readonly kind: 'done'; readonly atMs: number }
  | { readonly kind: 'failed'; readonly atMs: number; readonly reason: string }
  | { readonly kind: 'expired'; readonly atMs: number }
  | { readonly kind: 'cancelled'; readonly atMs: number };

/** A task with all that has happened to it. */
export interface Task {
  readonly taskId: string;
  /** One of the two is empty. */
  readonly group: string;
  readonly capability: string;
  readonly strategy: Strategy;
  /** 0 to 9, the most urgent last. */
  readonly priority: number;
  readonly maxAttempts: number;
  /** With `competing`: of so many results the best counts. */
  readonly bestOf: number;
  /** With `competing`: how long the others are waited for once there is a result. */
  readonly windowMs: number;
  readonly timeoutMs: number;
  /** Who is told of it; '' = nobody, as whoever gave it holds no connection. */
  readonly clientId: ClientId | '';
  readonly user: UserId;
  readonly idempotencyKey: string;
  readonly payloadBytes: number;
  /** Wall time of the submission, or of the last replay. */
  readonly startedAtMs: number;
  readonly createdAtMs: number;
  /** The number of the newest run. */
  readonly attempts: number;
  /** Rounds that came to nothing since then. */
  readonly failures: number;
  readonly runs: readonly Run[];
  readonly state: TaskState;
}

/** True once nothing more will be done about it. */
export function hasEnded({ state }: Task): boolean {
  return state.kind !== 'queued' && state.kind !== 'assigned';
}

/** True where it ended without a result that anybody has given up on by choice. */
export function isDead({ state }: Task): boolean {
  return state.kind === 'failed' || state.kind === 'expired';
}

/** Wall time when it is over at the latest. */
export function expiresAtMs({ startedAtMs, timeoutMs }: Task): number {
  return startedAtMs + timeoutMs;
}

/** Wall time when no more results are waited for; undefined where none is there, or all are waited for. */
export function windowEndsAtMs({ strategy, state, runs, windowMs }: Task): number | undefined {
  if (strategy !== 'competing' || state.kind !== 'assigned') return undefined;
  const times = runs.filter((run) => run.state === 'done').map(({ atMs }) => atMs);
  return times.length === 0 ? undefined : Math.min(...times) + windowMs;
}

/** The run whose result counts: the best score, and of equals the first. Undefined where there is no result. */
export function bestRun({ runs }: Task): Run | undefined {
  let best: Run | undefined;
  for (const run of runs) {
    if (run.state !== 'done') continue;
    if (best === undefined || run.score > best.score || (run.score === best.score && run.atMs < best.atMs)) best = run;
  }
  return best;
}
