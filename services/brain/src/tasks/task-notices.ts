import { BusError, formatTime } from '@arqonbus/protocol';
import type { ClientId, TenantId } from '@arqonbus/protocol';
import { TaskNoticeSchema, TaskNoticedSchema, create, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import { taskOut } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import { bestRun, expiresAtMs, hasEnded } from './task.ts';
import type { Run, Task } from './task.ts';

const ANSWER_TIMEOUT_MS = 2_000;

/**
 * Tells one client about a task, on whatever Shield it is (OPR-2). True = it was written to its socket. Notices to one
 * client arrive in the order in which they are told.
 */
export async function tellClient(spine: Spine, tenant: TenantId, clientId: string, payload: string): Promise<boolean> {
  const notice = create(TaskNoticeSchema, { tenant, clientId, payload: Buffer.from(payload) });
  try {
    const subject = taskOut(tenant, clientId as ClientId);
    const answer = await spine.request(subject, toBinary(TaskNoticeSchema, notice), ANSWER_TIMEOUT_MS);
    return (readMessage(TaskNoticedSchema, answer)?.connections ?? 0) > 0;
  } catch (error) {
    // Nobody there, or nobody that can be reached, is the same here: it is told again, or somebody else gets the task.
    if (error instanceof BusError) return false;
    throw error;
  }
}

/** What an operator gets to do. */
export function orderOf(task: Task, { attempt }: Run, leaseMs: number, payload: string): string {
  return withPayload(
    { ...headOf(task, 'operator', 'assigned'), attempt, lease_ms: leaseMs, ...deadlineOf(task) },
    payload,
  );
}

/** What an operator is told whose work counts no more. */
export function withdrawalOf(task: Task, { attempt }: Run): string {
  return JSON.stringify({ ...headOf(task, 'operator', 'cancelled'), attempt });
}

/** What an operator has to say before its result, for who waits for it. */
export function progressOf(task: Task, { attempt, clientId }: Run, payload: string): string {
  return withPayload({ ...headOf(task, 'submitter', 'progress'), attempt, operator_id: clientId }, payload);
}

/** One of several results, for who waits for them. */
export function partialOf(task: Task, { attempt, clientId, result }: Run): string {
  return withPayload({ ...headOf(task, 'submitter', 'result'), attempt, operator_id: clientId }, result);
}

/** Where a task stands, for who waits for it. */
export function statusOf(task: Task): string {
  const { state, runs } = task;
  const head = { ...headOf(task, 'submitter', state.kind), attempts: task.attempts };
  switch (state.kind) {
    case 'queued':
      return JSON.stringify({ ...head, failures: task.failures });
    case 'assigned':
      return JSON.stringify({ ...head, operators: runs.map(({ clientId }) => clientId) });
    case 'failed':
      return JSON.stringify({ ...head, ...(state.reason === '' ? {} : { reason: reasonIn(state.reason) }) });
    case 'done':
      return doneOf(task, head);
    case 'expired':
    case 'cancelled':
      return JSON.stringify(head);
  }
}

/** All that `task.get` tells beside id and state. */
export function detailsOf(task: Task): string {
  const { group, capability, strategy, priority, createdAtMs, state, failures, maxAttempts } = task;
  const ended = 'atMs' in state ? { ended_at: formatTime(state.atMs) } : {};
  const status = JSON.parse(statusOf(task)) as Readonly<Record<string, unknown>>;
  const { task_id: _id, role: _role, state: _state, group: _group, capability: _capability, ...told } = status;
  return JSON.stringify({
    ...(group === '' ? { capability } : { group }),
    strategy,
    priority,
    submitted_by: task.user,
    created_at: formatTime(createdAtMs),
    ...deadlineOf(task),
    ...ended,
    failures,
    max_attempts: maxAttempts,
    ...(hasEnded(task) || state.kind === 'assigned' ? told : {}),
    attempts: task.attempts,
  });
}

function doneOf(task: Task, head: object): string {
  const best = bestRun(task);
  if (task.strategy !== 'broadcast') {
    const whose = best === undefined ? {} : { operator_id: best.clientId, attempt: best.attempt, score: best.score };
    return withPayload({ ...head, ...whose }, best?.result ?? '');
  }
  const results = task.runs
    .filter(({ state }) => state === 'done')
    .map(({ clientId, attempt, result }) => withPayload({ operator_id: clientId, attempt }, result));
  const missing = task.runs.filter(({ state }) => state !== 'done').map(({ clientId }) => clientId);
  return `${JSON.stringify({ ...head, missing }).slice(0, -1)},"results":[${results.join(',')}]}`;
}

function headOf({ taskId, group, capability }: Task, role: 'operator' | 'submitter', state: string): object {
  return { task_id: taskId, role, state, ...(group === '' ? { capability } : { group }) };
}

function deadlineOf(task: Task): object {
  return { expires_at: formatTime(expiresAtMs(task)) };
}

/** A reason is what an operator has sent, or a word of ours. */
function reasonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The payload goes in as it came. */
function withPayload(head: object, json: string): string {
  const text = JSON.stringify(head);
  return json === '' ? text : `${text.slice(0, -1)}${text === '{}' ? '' : ','}"payload":${json}}`;
}
