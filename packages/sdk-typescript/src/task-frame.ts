/** Where a task stands, as `task` frames tell it; `progress` and `result` are no states, but news. */
export type TaskFrameState =
  | 'queued'
  | 'assigned'
  | 'progress'
  | 'result'
  | 'done'
  | 'failed'
  | 'expired'
  | 'cancelled';

/** What a `task` frame says, to who works on it or to who waits for it. */
export interface TaskFrame {
  readonly taskId: string;
  readonly role: 'operator' | 'submitter';
  readonly state: TaskFrameState;
  /** 0 = it speaks of none. */
  readonly attempt: number;
  /** All of it, as it came. */
  readonly payload: Readonly<Record<string, unknown>>;
}

const STATES: ReadonlySet<unknown> = new Set<TaskFrameState>([
  'queued',
  'assigned',
  'progress',
  'result',
  'done',
  'failed',
  'expired',
  'cancelled',
]);

/** Reads the payload of a `task` frame; undefined where it is none. */
export function parseTaskFrame(payload: Readonly<Record<string, unknown>>): TaskFrame | undefined {
  const { task_id: taskId, role, state, attempt } = payload;
  if (typeof taskId !== 'string' || (role !== 'operator' && role !== 'submitter') || !STATES.has(state))
    return undefined;
  return { taskId, role, state: state as TaskFrameState, attempt: typeof attempt === 'number' ? attempt : 0, payload };
}
