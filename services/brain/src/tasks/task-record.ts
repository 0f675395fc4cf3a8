import type { StoredTask } from '@arqonbus/storage';
import { hasEnded, isDead } from './task.ts';
import type { Task } from './task.ts';

/** What a store keeps of a task; its payload lies beside. */
export function storedTask(task: Task): StoredTask {
  const { taskId, group, user: submittedBy, idempotencyKey, createdAtMs, state, ...rest } = task;
  return {
    taskId,
    group,
    submittedBy,
    idempotencyKey,
    createdAtMs,
    endedAtMs: 'atMs' in state ? state.atMs : undefined,
    isDead: hasEnded(task) && isDead(task),
    record: JSON.stringify({ ...rest, state } satisfies Kept),
  };
}

/** The task that a store has kept. The record is always of our own making. */
export function taskOf({ taskId, group, submittedBy, idempotencyKey, createdAtMs, record }: StoredTask): Task {
  const kept = JSON.parse(record) as Kept;
  return { ...kept, taskId, group, user: submittedBy as Task['user'], idempotencyKey, createdAtMs };
}

type Kept = Omit<Task, 'taskId' | 'group' | 'user' | 'idempotencyKey' | 'createdAtMs'>;
