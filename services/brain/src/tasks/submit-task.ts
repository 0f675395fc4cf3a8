import { BusError, isName } from '@arqonbus/protocol';
import type { SubmitTaskRequest } from '@arqonbus/protocol/spine-messages';
import { parseClient, parseText, parseUser } from '../requests/parse-request.ts';
import { isCapability } from './parse-operator.ts';
import type { Strategy, Task } from './task.ts';
import type { TaskParts } from './task-parts.ts';
import { taskOf } from './task-record.ts';
import { targetOf } from './task-queue.ts';
import { violated } from './task-schemas.ts';
import type { TenantWork } from './tenant-work.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_ATTEMPTS = 3;
const DEFAULT_WINDOW_MS = 1_000;

/** The longest that anybody waits for a task. */
export const MAX_TIMEOUT_MS = 86_400_000;

/** Takes a task in: once this answers, no Brain that dies takes it along (BRN-1). */
export async function submitTask(request: SubmitTaskRequest, work: TenantWork, parts: TaskParts): Promise<Task> {
  const task = taskIn(request, parts);
  await checkInput(task, request.payload, work, parts);
  const refusal = quotaRefusal(task, work, parts);
  if (refusal !== undefined) return (await knownByKey(task, work, parts)) ?? Promise.reject(refusal);
  return work.tasks.add(task, Buffer.from(request.payload).toString('utf8'));
}

function taskIn(request: SubmitTaskRequest, { clock, nextTaskId }: TaskParts): Task {
  const nowMs = clock.now();
  return {
    taskId: nextTaskId(),
    ...targetIn(request),
    strategy: strategyIn(request.strategy),
    priority: within(request.priority, 0, 9, 'priority'),
    maxAttempts: within(request.maxAttempts || DEFAULT_ATTEMPTS, 1, 20, 'number of attempts'),
    bestOf: within(request.bestOf || 1, 1, 16, 'number of results'),
    windowMs: within(request.windowMs || DEFAULT_WINDOW_MS, 1, 600_000, 'window'),
    timeoutMs: within(request.timeoutMs || DEFAULT_TIMEOUT_MS, 1, MAX_TIMEOUT_MS, 'timeout'),
    clientId: request.clientId === '' ? '' : parseClient(request.clientId),
    user: parseUser(request.user),
    idempotencyKey: parseText(request.idempotencyKey, 128, 'idempotency key'),
    payloadBytes: request.payload.length,
    startedAtMs: nowMs,
    createdAtMs: nowMs,
    attempts: 0,
    failures: 0,
    runs: [],
    state: { kind: 'queued' },
  };
}

function targetIn({ group, capability }: SubmitTaskRequest): Pick<Task, 'group' | 'capability'> {
  if ((group === '') === (capability === '')) refuse('A task is for a group, or for a capability.');
  if (group !== '' && !isName(group)) refuse('The group is malformed.');
  if (capability !== '' && !isCapability(capability)) refuse('The capability is malformed.');
  return { group, capability };
}

function strategyIn(text: string): Strategy {
  if (text === '' || text === 'round_robin') return 'round_robin';
  if (text === 'competing' || text === 'broadcast') return text;
  return refuse('The strategy is round_robin, competing or broadcast.');
}

function within(value: number, min: number, max: number, what: string): number {
  return value >= min && value <= max ? value : refuse(`The ${what} is ${min} to ${max}.`);
}

function refuse(text: string): never {
  throw new BusError('VALIDATION_ERROR', text);
}

/** What none of those who are there may take is refused at once; who comes later may take anything. */
async function checkInput(task: Task, payload: Uint8Array, { tasks }: TenantWork, parts: TaskParts): Promise<void> {
  const takers = tasks.operators.all(task, new Set(), { isFree: false });
  const schemaIds = [...new Set(takers.map(({ inputSchema }) => inputSchema))];
  let refusal: BusError | undefined;
  for (const schemaId of schemaIds) {
    const violations = await parts.schemas.violations(tasks.tenant, schemaId, payload);
    if (violations.length === 0) return;
    refusal ??= violated(schemaId, violations);
  }
  if (refusal !== undefined) throw refusal;
}

function quotaRefusal(task: Task, { tasks }: TenantWork, { limits }: TaskParts): BusError | undefined {
  if (tasks.size >= limits.tasksPerTenant) return full('tasks of the tenant');
  if (tasks.queue.sizeOf(targetOf(task)) >= limits.tasksPerGroup) return full('tasks that wait for the group');
  if (tasks.bytes + task.payloadBytes > limits.taskBytesPerTenant) return full('bytes in tasks of the tenant');
  return undefined;
}

/** Who asks again for a task that was taken in is told so, however full it is by now. */
async function knownByKey(
  { user, idempotencyKey }: Task,
  { tasks }: TenantWork,
  { store }: TaskParts,
): Promise<Task | undefined> {
  const known = idempotencyKey === '' ? undefined : await store.findByKey(tasks.tenant, user, idempotencyKey);
  return known && taskOf(known.task);
}

function full(what: string): BusError {
  return new BusError('QUOTA_EXCEEDED', `There are too many ${what}.`);
}
