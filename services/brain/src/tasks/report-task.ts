import { BusError } from '@arqonbus/protocol';
import { ReportTaskRequest_Kind } from '@arqonbus/protocol/spine-messages';
import type { ReportTaskRequest } from '@arqonbus/protocol/spine-messages';
import { parseClient } from '../requests/parse-request.ts';
import type { Task } from './task.ts';
import type { TaskParts } from './task-parts.ts';
import { violated } from './task-schemas.ts';
import type { TenantWork } from './tenant-work.ts';
import { findRun } from './transition.ts';

const MAX_REASON_BYTES = 1_024;

/** Takes in what an operator says of a task that it was given (OPR-2). Throws `CONFLICT` where it has lost it. */
export async function reportTask(request: ReportTaskRequest, work: TenantWork, parts: TaskParts): Promise<Task> {
  const ref = { clientId: parseClient(request.clientId), attempt: request.attempt };
  const open = await work.tasks.require(request.taskId);
  const json = Buffer.from(request.payload).toString('utf8');
  switch (request.kind) {
    case ReportTaskRequest_Kind.ACK:
      work.extendLease(open, ref);
      return open.task;
    case ReportTaskRequest_Kind.PROGRESS: {
      work.extendLease(open, ref);
      const run = findRun(open.task, ref);
      if (run !== undefined) work.teller.progress(open.task, run, json);
      return open.task;
    }
    case ReportTaskRequest_Kind.RESULT:
      await checkOutput(open.task, request, work, parts);
      return work.tasks.change(request.taskId, { kind: 'result', run: ref, result: json, score: scoreIn(request) });
    case ReportTaskRequest_Kind.FAIL: {
      if (request.payload.length > MAX_REASON_BYTES)
        throw new BusError('PAYLOAD_TOO_LARGE', `A reason has at most ${MAX_REASON_BYTES} bytes.`);
      return work.tasks.change(request.taskId, { kind: 'fail', run: ref, reason: json, isFinal: request.isFinal });
    }
    default:
      throw new BusError('VALIDATION_ERROR', 'The kind of the report is malformed.');
  }
}

/** What the operator has promised to give holds, and all results together fit into one answer. */
async function checkOutput(
  task: Task,
  { clientId, payload }: ReportTaskRequest,
  { tasks }: TenantWork,
  { schemas, pageBytes }: TaskParts,
): Promise<void> {
  const schemaId = tasks.operators.get(clientId)?.outputSchema ?? '';
  const violations = await schemas.violations(tasks.tenant, schemaId, payload);
  if (violations.length > 0) throw violated(schemaId, violations);
  const kept = task.runs.reduce((sum, { result }) => sum + result.length, 0);
  if (kept + payload.length > pageBytes)
    throw new BusError('PAYLOAD_TOO_LARGE', `The results of a task have at most ${pageBytes} bytes together.`);
}

function scoreIn({ score }: ReportTaskRequest): number {
  return Number.isFinite(score) ? score : 0;
}
