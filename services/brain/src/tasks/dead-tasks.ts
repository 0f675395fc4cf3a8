import { BusError } from '@arqonbus/protocol';
import { TaskStatusSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ReplayTaskRequest, TaskStatus } from '@arqonbus/protocol/spine-messages';
import { parseRequester, parseTraceId } from '../requests/parse-request.ts';
import { isDead } from './task.ts';
import type { Task } from './task.ts';
import { detailsOf } from './task-notices.ts';
import type { TaskParts } from './task-parts.ts';
import type { TenantWork } from './tenant-work.ts';

/** Has a dead task tried again, from the beginning; audited, as it does what the submitter has long given up. */
export async function replayDead(request: ReplayTaskRequest, work: TenantWork, parts: TaskParts): Promise<Task> {
  const { tenant } = work.tasks;
  const { task } = await work.tasks.require(request.taskId);
  if (!isDead(task)) throw new BusError('CONFLICT', 'The task is not dead.');
  const action = {
    tenant,
    actor: parseRequester(request.requestedBy),
    action: 'op.task.dlq.replay',
    target: `task:${task.taskId}`,
    traceId: parseTraceId(request.traceId),
    details: { state: task.state.kind, ...(task.group === '' ? {} : { group: task.group }) },
  };
  return parts.audit.run(action, () => work.tasks.change(task.taskId, { kind: 'replay' }));
}

/** A task for who asks; with details where they are wanted. */
export function statusMessage(task: Task, hasDetails: boolean): TaskStatus {
  const details = hasDetails ? Buffer.from(detailsOf(task)) : Buffer.alloc(0);
  return create(TaskStatusSchema, { taskId: task.taskId, state: task.state.kind, details });
}
