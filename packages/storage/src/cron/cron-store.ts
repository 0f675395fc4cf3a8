import type { TenantId } from '@arqonbus/protocol';

/** What becomes of occurrences that were missed while nobody could fire them (CRN-2). */
export type Misfire = 'skip' | 'once' | 'all';

/** Where a job stands; the last two are its end. */
export type CronStatus = 'active' | 'paused' | 'done' | 'cancelled';

/** When a job is due. Wall times in ms; one of the three kinds, told by which of the fields is set. */
export interface CronSchedule {
  /** Five or six fields; '' = none. */
  readonly expression: string;
  /** IANA time zone of the expression; '' = none. */
  readonly timezone: string;
  /** When it is due first, without an expression. */
  readonly startAtMs: number;
  /** Spans between; 0 = it is due once. */
  readonly everyMs: number;
}

/** A schedule of a tenant (CRN-1). Everything in it has been checked. */
export interface StoredCronJob extends CronSchedule {
  readonly jobId: string;
  /** The user who made it. */
  readonly owner: string;
  /** Whose rights count when it fires, as the caller encodes it. */
  readonly principal: Uint8Array;
  /** For people; '' = none. */
  readonly name: string;
  readonly room: string;
  readonly channel: string;
  /** A text of JSON. */
  readonly payload: Uint8Array;
  /** How many times it fires in all; 0 = without an end. */
  readonly repeatCount: number;
  readonly misfire: Misfire;
  readonly status: CronStatus;
  /** How many times it has fired, or was refused to. */
  readonly iteration: number;
  /** Undefined = never again. */
  readonly nextAtMs: number | undefined;
  readonly createdAtMs: number;
}

/** How an occurrence stands or ended: `claimed` = somebody is just firing it; `missed` stands for all up to the next one. */
export type RunState = 'claimed' | 'fired' | 'refused' | 'failed' | 'missed';

/** One occurrence of a job. */
export interface CronRun {
  readonly dueAtMs: number;
  /** Which it is, from 1; of missed ones, that of the last before. */
  readonly iteration: number;
  readonly state: RunState;
  /** Why it was refused or failed; '' = it was not. */
  readonly code: string;
  /** How often somebody began to fire it. */
  readonly attempts: number;
  readonly endedAtMs: number | undefined;
}

/** What is to be done about a job that is due. Times in ms, ascending. */
export interface CronPlan {
  /** Moments at which it fires; each becomes one occurrence. */
  readonly fire: readonly number[];
  /** The first moment that is given up; undefined = none is. */
  readonly missedMs: number | undefined;
  /** Undefined = it is done. */
  readonly nextAtMs: number | undefined;
}

/** How occurrences are claimed. */
export interface ClaimAsk {
  /** Wall time: what is due then or before. */
  readonly nowMs: number;
  /** Jobs, or claims of others that have run out, at most. */
  readonly limit: number;
  /** For how long a claim holds, by the store's clock. */
  readonly claimMs: number;
  /** Decides about one job. Pure. */
  readonly plan: (job: StoredCronJob) => CronPlan;
}

/** An occurrence that this caller may fire, until its claim runs out and another takes it. */
export interface ClaimedRun {
  readonly job: StoredCronJob;
  readonly dueAtMs: number;
  readonly iteration: number;
  /** How often somebody began to fire it, this time included. */
  readonly attempts: number;
  /** Higher than that of every earlier claim of anything (ARC-3). */
  readonly token: number;
}

/** What became of an occurrence. */
export interface RunEnd extends Pick<CronRun, 'dueAtMs' | 'code'> {
  readonly jobId: string;
  readonly token: number;
  readonly state: Exclude<RunState, 'claimed'>;
}

/** What claiming came to. */
export interface Claims {
  readonly runs: readonly ClaimedRun[];
  /** Jobs some of whose occurrences were given up. */
  readonly missed: number;
  /** The limit was reached: there may be more to claim at once. */
  readonly hasMore: boolean;
}

/** What a list is cut by. Jobs are in the order of their ids. */
export interface CronQuery {
  /** Undefined = of all. */
  readonly owner: string | undefined;
  /** The id to begin after; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

/** What is changed about a job, and in which states only. */
export interface CronChange {
  readonly status: Exclude<CronStatus, 'done'>;
  readonly nextAtMs: number | undefined;
  readonly from: readonly CronStatus[];
}

/**
 * The truth about schedules (CRN-1) and their occurrences (CRN-2): one for each job and moment, claimed with a token that fences off
 * whoever claimed it before. No call of one tenant sees or touches another's (PRD-4). Keeps {@link KEPT_RUNS} of each job, or some
 * more, and {@link KEPT_ENDED} jobs that are over, for a day. Throws `UNAVAILABLE` while the store cannot be used.
 */
export interface CronStore {
  /** Throws `QUOTA_EXCEEDED` where the tenant would have more jobs that are not over than `maxJobs`. */
  add(tenant: TenantId, job: StoredCronJob, maxJobs: number): Promise<void>;
  get(tenant: TenantId, jobId: string): Promise<StoredCronJob | undefined>;
  list(tenant: TenantId, query: CronQuery): Promise<readonly StoredCronJob[]>;
  /** Gives the job as it is then; undefined = there is none in these states. */
  change(tenant: TenantId, jobId: string, change: CronChange, nowMs: number): Promise<StoredCronJob | undefined>;
  /** The newest first, those before a moment. */
  runs(tenant: TenantId, jobId: string, beforeMs: number, limit: number): Promise<readonly CronRun[]>;
  /** Tenants that have something to fire, or a job to forget, the longest waiting first. */
  dueTenants(nowMs: number, limit: number): Promise<readonly TenantId[]>;
  /**
   * Claims what others have claimed and not ended in time, and then what is due: makes the occurrences that the plans name, and
   * moves the jobs on; forgets jobs that have been over for long enough. Nothing while another claims for the same tenant.
   */
  claim(tenant: TenantId, ask: ClaimAsk): Promise<Claims>;
  /** Records ends; those of whose claim another has taken are refused. Gives those that were recorded. */
  finish(tenant: TenantId, ends: readonly RunEnd[], nowMs: number): Promise<readonly RunEnd[]>;
}

/** Ended occurrences that are kept of each job. */
export const KEPT_RUNS = 100;

/** Every so many occurrences the older ones are let go. */
export const TRIM_EVERY = 10;

/** Jobs that are over and kept, of each tenant. */
export const KEPT_ENDED = 1_000;

/** For how long they are kept. */
export const KEPT_ENDED_MS = 86_400_000;

/** When they are forgotten, after their end: those that are older than that time are. */
export const FORGOTTEN_AFTER_MS: number = KEPT_ENDED_MS + 1;
