import { BusError, formatTime, memberJson } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { CronJobRecord, CronRunRecord } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { RawJson } from '../../delivery/raw-json.ts';
import type { Session } from '../../session/session.ts';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { identityOf } from '../identity-of.ts';
import { nextPage } from '../next-page.ts';
import { requireRight } from '../require-right.ts';
import { traceIdOf } from '../trace-id.ts';

type Job = CommandResult<'op.cron.get'>;
type ListedJob = CommandResult<'op.cron.list'>['items'][number];
type Run = CommandResult<'op.cron.runs'>['items'][number];

/** Schedules a publication, with the rights that the caller has when it fires (CRN-1). */
export async function scheduleCron(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.cron.schedule'>,
  { spine, limits }: CommandParts,
): Promise<CommandOutcome<Job>> {
  const { room, channel, cron = '', delay_seconds: delay = 0, interval_seconds: interval = 0 } = args;
  requireRight(session, 'operate', room, channel);
  requireRight(session, 'publish', room, channel);
  checkKind(args);
  // As it was written: a double does not hold every number, and the order of members is the caller's.
  const payload = memberJson(envelope.args, 'payload', limits);
  if (payload === undefined) throw invalid([{ field: 'args.payload', problem: 'is required' }]);
  const job = {
    name: args.name ?? '',
    room,
    channel,
    payload,
    expression: cron,
    timezone: args.timezone ?? 'UTC',
    everyMs: BigInt(interval * 1_000),
    repeatCount: args.repeat_count ?? 0,
    misfire: args.misfire ?? 'once',
  };
  const request = { principal: identityOf(session.principal), job, delayMs: BigInt(delay * 1_000) };
  return { result: jobOf((await callBrain(spine, 'cron.schedule', request, deadlineMs)).job) };
}

/** One of the three kinds, and what belongs to it. */
function checkKind(args: CommandArgs<'op.cron.schedule'>): void {
  const { cron, timezone, delay_seconds: delay, interval_seconds: interval, repeat_count: repeat } = args;
  const kinds = [cron, delay, interval].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) {
    throw invalid([{ field: 'args.cron', problem: 'or delay_seconds or interval_seconds is needed, and one alone' }]);
  }
  if (timezone !== undefined && cron === undefined) {
    throw invalid([{ field: 'args.timezone', problem: 'goes with cron alone' }]);
  }
  if (repeat !== undefined && delay !== undefined) {
    throw invalid([{ field: 'args.repeat_count', problem: 'does not go with delay_seconds' }]);
  }
}

/** Lists the caller's schedules, or, for administrators, the tenant's. */
export async function listCron(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.cron.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.cron.list'>>> {
  const request = { tenant: session.tenant, owner: ownerFor(session), cursor, limit };
  const page = await callBrain(spine, 'cron.list', request, deadlineMs);
  return { result: { items: page.items.map(listedJobOf), ...nextPage(page) } };
}

/** Shows one schedule. */
export async function getCron(
  { session, deadlineMs }: CommandCall,
  { job_id: jobId }: CommandArgs<'op.cron.get'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<Job>> {
  const request = { tenant: session.tenant, owner: ownerFor(session), jobId };
  return { result: jobOf((await callBrain(spine, 'cron.get', request, deadlineMs)).job) };
}

/** Ends a schedule. */
export function cancelCron(...call: ChangeCall): Promise<CommandOutcome<Job>> {
  return change('cancelled', ...call);
}

/** Lets a schedule rest. */
export function pauseCron(...call: ChangeCall): Promise<CommandOutcome<Job>> {
  return change('paused', ...call);
}

/** Lets a schedule go on. */
export function resumeCron(...call: ChangeCall): Promise<CommandOutcome<Job>> {
  return change('active', ...call);
}

type ChangeCall = readonly [call: CommandCall, args: CommandArgs<'op.cron.cancel'>, parts: CommandParts];

async function change(
  status: string,
  ...[{ session, envelope, deadlineMs }, { job_id: jobId }, { spine }]: ChangeCall
): Promise<CommandOutcome<Job>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, owner: ownerFor(session), jobId, status, requestedBy, traceId: traceIdOf(envelope) };
  return { result: jobOf((await callBrain(spine, 'cron.change', request, deadlineMs)).job) };
}

/** Lists what became of the occurrences of a schedule. */
export async function listCronRuns(
  { session, deadlineMs }: CommandCall,
  { job_id: jobId, cursor = '', limit = 0 }: CommandArgs<'op.cron.runs'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.cron.runs'>>> {
  const request = { tenant: session.tenant, owner: ownerFor(session), jobId, cursor, limit };
  const page = await callBrain(spine, 'cron.runs', request, deadlineMs);
  return { result: { items: page.items.map(runOf), ...nextPage(page) } };
}

/** Whose jobs the caller may see; '' = anybody's. */
function ownerFor(session: Session): string {
  return session.rights.may('admin', '*', '*') ? '' : session.user;
}

function jobOf(record: CronJobRecord | undefined): Job {
  if (record === undefined) throw new BusError('INTERNAL_ERROR');
  return { ...listedJobOf(record), payload: new RawJson(record.payload) };
}

function listedJobOf(record: CronJobRecord): ListedJob {
  const { expression, timezone, repeatCount, nextAtMs } = record;
  return {
    job_id: record.jobId,
    owner: record.owner,
    ...(record.name === '' ? {} : { name: record.name }),
    room: record.room,
    channel: record.channel,
    ...(expression === '' ? spanOf(record) : { cron: expression, timezone }),
    ...(repeatCount === 0 ? {} : { repeat_count: repeatCount }),
    misfire: record.misfire as Job['misfire'],
    status: record.status as Job['status'],
    iteration: Number(record.iteration),
    ...(nextAtMs === 0n ? {} : { next_at: formatTime(Number(nextAtMs)) }),
    created_at: formatTime(Number(record.createdAtMs)),
  };
}

function spanOf({ everyMs, startAtMs, createdAtMs }: CronJobRecord): Pick<Job, 'delay_seconds' | 'interval_seconds'> {
  if (everyMs !== 0n) return { interval_seconds: Number(everyMs) / 1_000 };
  return { delay_seconds: Number(startAtMs - createdAtMs) / 1_000 };
}

function runOf({ dueAtMs, iteration, state, code, attempts, endedAtMs }: CronRunRecord): Run {
  return {
    scheduled_at: formatTime(Number(dueAtMs)),
    iteration: Number(iteration),
    state: state as Run['state'],
    ...(code === '' ? {} : { code }),
    attempts,
    ...(endedAtMs === 0n ? {} : { ended_at: formatTime(Number(endedAtMs)) }),
  };
}
