import { BusError } from '@arqonbus/protocol';
import type { Clock, Limits, TenantId } from '@arqonbus/protocol';
import type {
  ChangeCronRequest,
  CronJobRecord,
  CronRunRecord,
  ListCronRequest,
  ListCronRunsRequest,
  ScheduleCronRequest,
} from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import type { CronChange, CronStore, StoredCronJob } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import { jsonBytes, pageLimit, parseCursor, takePage } from '../paging/page.ts';
import { parseRequester, parseTenant, parseTraceId, parseUser } from '../requests/parse-request.ts';
import { jobRecordOf, runRecordOf } from './cron-record.ts';
import { nextOccurrence } from './next-occurrence.ts';
import { parseJob } from './parse-job.ts';

/** What keeping schedules needs. */
export interface CronParts {
  readonly spine: Spine;
  readonly store: CronStore;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'cronJobsPerTenant'>;
  readonly pageBytes: number;
  readonly nextJobId: () => string;
}

/** Names of the fields and the times of one job, or one occurrence, in a JSON frame. */
const FIELDS_BYTES = 420;
/** Later than any moment. */
const END_OF_TIME_MS = 253_402_300_800_000;

/** Serves `cron.schedule`, `list`, `get`, `change` and `runs`, which any Brain answers (CRN-1). Who may ask is for the asker to know. */
export function serveCron(parts: CronParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'cron.schedule', (request) => schedule(parts, request), observer),
    serveBrain(spine, 'cron.list', (request) => list(parts, request), observer),
    serveBrain(spine, 'cron.get', async (request) => ({ job: jobRecordOf(await find(parts, request)) }), observer),
    serveBrain(spine, 'cron.change', (request) => change(parts, request), observer),
    serveBrain(spine, 'cron.runs', (request) => runs(parts, request), observer),
  ];
}

async function schedule(
  { store, clock, limits, nextJobId }: CronParts,
  request: ScheduleCronRequest,
): Promise<{ readonly job: CronJobRecord }> {
  const tenant = parseTenant(request.principal?.tenantId ?? '');
  const job = parseJob(request, nextJobId(), clock.now());
  await store.add(tenant, job, limits.cronJobsPerTenant);
  return { job: jobRecordOf(job) };
}

/** The job that is named, where it is of the owner who is named. One of another's is not told from none. */
async function find(
  { store }: CronParts,
  request: { readonly tenant: string; readonly owner: string; readonly jobId: string },
): Promise<StoredCronJob> {
  const owner = parseOwner(request.owner);
  const job = await store.get(parseTenant(request.tenant), request.jobId);
  if (job === undefined || (owner !== undefined && job.owner !== owner)) throw new BusError('NOT_FOUND');
  return job;
}

async function list(
  { store, pageBytes }: CronParts,
  request: ListCronRequest,
): Promise<{ readonly items: CronJobRecord[]; readonly cursor: string }> {
  const tenant = parseTenant(request.tenant);
  const owner = parseOwner(request.owner);
  const limit = pageLimit(request.limit);
  const after = request.cursor === '' ? '' : parseCursor(request.cursor);
  // One more than asked for tells whether there are more.
  const found = await store.list(tenant, { owner, after, limit: limit + 1 });
  const page = takePage(found, { cursor: '', limit }, { keyOf: ({ jobId }) => jobId, sizeOf, pageBytes });
  return { items: page.items.map((job) => jobRecordOf({ ...job, payload: NOTHING })), cursor: page.cursor };
}

const NOTHING = new Uint8Array(0);

function sizeOf({ owner, name }: StoredCronJob): number {
  return FIELDS_BYTES + jsonBytes(owner) + jsonBytes(name);
}

async function runs(
  parts: CronParts,
  request: ListCronRunsRequest,
): Promise<{ readonly items: CronRunRecord[]; readonly cursor: string }> {
  const { jobId } = await find(parts, request);
  const limit = pageLimit(request.limit);
  const beforeMs = request.cursor === '' ? END_OF_TIME_MS : parseMoment(parseCursor(request.cursor));
  const found = await parts.store.runs(parseTenant(request.tenant), jobId, beforeMs, limit + 1);
  const paging = {
    keyOf: ({ dueAtMs }: { readonly dueAtMs: number }) => String(dueAtMs),
    sizeOf: () => FIELDS_BYTES,
    pageBytes: parts.pageBytes,
  };
  const page = takePage(found, { cursor: '', limit }, paging);
  return { items: page.items.map(runRecordOf), cursor: page.cursor };
}

function parseMoment(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new BusError('VALIDATION_ERROR', 'The cursor is malformed.');
  return Number(text);
}

async function change(parts: CronParts, request: ChangeCronRequest): Promise<{ readonly job: CronJobRecord }> {
  const tenant = parseTenant(request.tenant);
  const job = await find(parts, request);
  const wish = wishOf(job, request.status, parts.clock.now());
  const apply = async (): Promise<StoredCronJob> => {
    const changed = await parts.store.change(tenant, job.jobId, wish, parts.clock.now());
    if (changed === undefined) throw new BusError('CONFLICT', `The job is ${job.status}.`);
    return changed;
  };
  const isOwn = job.owner === request.requestedBy;
  return { job: jobRecordOf(await (isOwn ? apply() : audited(parts, { tenant, job, request }, apply))) };
}

interface ForeignChange {
  readonly tenant: TenantId;
  readonly job: StoredCronJob;
  readonly request: ChangeCronRequest;
}

/** What administrators do to jobs of others goes through the trail. */
function audited<T>(
  { audit }: CronParts,
  { tenant, job, request }: ForeignChange,
  apply: () => Promise<T>,
): Promise<T> {
  const { status, requestedBy, traceId } = request;
  const action = {
    tenant,
    actor: parseRequester(requestedBy),
    action: `op.cron.${VERBS[status] ?? ''}`,
    target: `cron:${job.jobId}`,
    traceId: parseTraceId(traceId),
    details: { owner: job.owner, was: job.status },
  };
  return audit.run(action, apply);
}

const VERBS: Readonly<Record<string, string>> = { cancelled: 'cancel', paused: 'pause', active: 'resume' };

function wishOf(job: StoredCronJob, status: string, nowMs: number): CronChange {
  switch (status) {
    case 'cancelled':
      return { status, nextAtMs: undefined, from: ['active', 'paused'] };
    case 'paused':
      return { status, nextAtMs: undefined, from: ['active'] };
    case 'active':
      return { status, nextAtMs: resumeAt(job, nowMs), from: ['paused'] };
    default:
      throw new BusError('VALIDATION_ERROR', 'There is no such state.');
  }
}

/** What recurs goes on with the next moment; what is due once, and has come meanwhile, was missed. */
function resumeAt(job: StoredCronJob, nowMs: number): number | undefined {
  const isOnce = job.expression === '' && job.everyMs === 0;
  return isOnce ? job.startAtMs : nextOccurrence(job, nowMs);
}

function parseOwner(text: string): string | undefined {
  return text === '' ? undefined : parseUser(text);
}
