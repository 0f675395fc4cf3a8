import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { ReportTaskRequest_Kind } from '@arqonbus/protocol/spine-messages';
import type { TaskStatus } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import type { BrainRequest } from '@arqonbus/spine';
import { jsonBytes, jsonObject } from '../../delivery/frames.ts';
import { requireOperator } from '../../operators/may-operate.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';
import { requesterOf } from '../requester-of.ts';

type Status = CommandResult<'task.submit'>;

/** Gives a task away (OPR-2). Its payload has passed the pipeline as arguments of a command (SAF-3). */
export async function submitTask(
  { session, deadlineMs }: CommandCall,
  args: CommandArgs<'task.submit'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Status>> {
  const { group = '', capability = '' } = args;
  if ((group === '') === (capability === ''))
    throw invalid([{ field: 'args.group', problem: 'is required, or a capability in its place' }]);
  // Whoever has a capability may be in any group.
  if (group === '') requireRight(session, 'publish', '*', '*');
  else requireRight(session, 'publish', group, '*');
  const request: BrainRequest<'tasks.submit'> = {
    tenant: session.tenant,
    group,
    capability,
    payload: payloadOf(args),
    strategy: args.strategy ?? '',
    timeoutMs: args.timeout_ms ?? 0,
    idempotencyKey: args.idempotency_key ?? '',
    priority: args.priority ?? 0,
    maxAttempts: args.max_attempts ?? 0,
    bestOf: args.best_of ?? 0,
    windowMs: args.window_ms ?? 0,
    // Who holds no connection is told nothing, and asks.
    clientId: session.connection === undefined ? '' : session.clientId,
    user: session.user,
  };
  return { result: statusOf(await callBrain(spine, 'tasks.submit', request, deadlineMs)) };
}

/** A sign of life. */
export function ackTask(
  call: CommandCall,
  args: CommandArgs<'task.ack'>,
  parts: CommandParts,
): Promise<CommandOutcome<Status>> {
  return report(call, args, { kind: ReportTaskRequest_Kind.ACK }, parts);
}

/** How far it has come. */
export function progressTask(
  call: CommandCall,
  args: CommandArgs<'task.progress'>,
  parts: CommandParts,
): Promise<CommandOutcome<Status>> {
  return report(call, args, { kind: ReportTaskRequest_Kind.PROGRESS, payload: payloadOf(args) }, parts);
}

/** What came of it. */
export function resultOfTask(
  call: CommandCall,
  args: CommandArgs<'task.result'>,
  parts: CommandParts,
): Promise<CommandOutcome<Status>> {
  const said = { kind: ReportTaskRequest_Kind.RESULT, payload: payloadOf(args), score: args.score ?? 0 };
  return report(call, args, said, parts);
}

/** Nothing came of it. */
export function failTask(
  call: CommandCall,
  args: CommandArgs<'task.fail'>,
  parts: CommandParts,
): Promise<CommandOutcome<Status>> {
  const said = { kind: ReportTaskRequest_Kind.FAIL, payload: payloadOf(args), isFinal: args.final === true };
  return report(call, args, said, parts);
}

/** Takes a task back. */
export async function cancelTask(
  { session, deadlineMs }: CommandCall,
  { task_id: taskId }: CommandArgs<'task.cancel'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Status>> {
  const request = { tenant: session.tenant, taskId, user: askerOf(session) };
  return { result: statusOf(await callBrain(spine, 'tasks.cancel', request, deadlineMs)) };
}

/** Where a task stands. */
export async function getTask(
  { session, deadlineMs }: CommandCall,
  { task_id: taskId }: CommandArgs<'task.get'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'task.get'>>> {
  const request = { tenant: session.tenant, taskId, user: askerOf(session) };
  return { result: detailsOf(await callBrain(spine, 'tasks.get', request, deadlineMs)) };
}

/** The tasks that somebody may still work on. */
export const listTasks: ReturnType<typeof listerOf> = listerOf('tasks.open');

/** The tasks that came to nothing. */
export const listDeadTasks: ReturnType<typeof listerOf> = listerOf('tasks.dead');

function listerOf(method: 'tasks.open' | 'tasks.dead') {
  return async (
    { session, deadlineMs }: CommandCall,
    { group = '', cursor = '', limit = 0 }: CommandArgs<'op.task.list'>,
    { spine }: CommandParts,
  ): Promise<CommandOutcome<CommandResult<'op.task.list'>>> => {
    const page = await callBrain(spine, method, { tenant: session.tenant, group, cursor, limit }, deadlineMs);
    return { result: { items: page.items.map(detailsOf), ...nextPage(page) } };
  };
}

/** Has one of them tried again. */
export async function replayDeadTask(
  { session, envelope, deadlineMs }: CommandCall,
  { task_id: taskId }: CommandArgs<'op.task.dlq.replay'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Status>> {
  const request = { tenant: session.tenant, taskId, ...requesterOf(session, envelope) };
  return { result: statusOf(await callBrain(spine, 'tasks.replay', request, deadlineMs)) };
}

interface Reported {
  readonly task_id: string;
  readonly attempt?: number;
}

async function report(
  { session, deadlineMs }: CommandCall,
  { task_id: taskId, attempt = 0 }: Reported,
  said: Pick<BrainRequest<'tasks.report'>, 'kind' | 'payload' | 'score' | 'isFinal'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Status>> {
  requireOperator(session);
  const request = { tenant: session.tenant, taskId, clientId: session.clientId, attempt, ...said };
  return { result: statusOf(await callBrain(spine, 'tasks.report', request, deadlineMs)) };
}

/** Administrators see all tasks of their tenant. */
function askerOf({ rights, user }: CommandCall['session']): string {
  return rights.may('admin', '*', '*') ? '' : user;
}

function payloadOf({ payload }: { readonly payload?: unknown }): Uint8Array {
  return jsonBytes(payload === undefined ? null : payload);
}

function statusOf({ taskId, state }: TaskStatus): Status {
  return { task_id: taskId, state: state as Status['state'] };
}

function detailsOf({ taskId, state, details }: TaskStatus): CommandResult<'task.get'> {
  return { task_id: taskId, state, ...jsonObject(details) } as CommandResult<'task.get'>;
}
