import type { CronRun, CronStatus, Misfire, RunState, StoredCronJob } from './cron-store.ts';

/** A row of `arqon.cron_jobs`. Numbers of 64 bits come as the drivers please. */
export interface JobRow {
  readonly job_id: string;
  readonly owner: string;
  readonly principal: Uint8Array;
  readonly name: string;
  readonly room: string;
  readonly channel: string;
  readonly payload: Uint8Array;
  readonly expression: string;
  readonly timezone: string;
  readonly start_at: Date;
  readonly every_ms: string | number;
  readonly repeat_count: number;
  readonly misfire: Misfire;
  readonly status: CronStatus;
  readonly iteration: string | number;
  readonly next_at: Date | null;
  readonly created_at: Date;
}

/** A row of `arqon.cron_runs`. */
export interface RunRow {
  readonly due_at: Date;
  readonly iteration: string | number;
  readonly state: RunState;
  readonly code: string;
  readonly attempts: number;
  readonly ended_at: Date | null;
}

/** The columns of a {@link JobRow}, in the order of {@link jobValues}. */
export const JOB_COLUMNS: string = [
  'job_id',
  'owner',
  'principal',
  'name',
  'room',
  'channel',
  'payload',
  'expression',
  'timezone',
  'start_at',
  'every_ms',
  'repeat_count',
  'misfire',
  'status',
  'iteration',
  'next_at',
  'created_at',
].join(', ');

/** What a job is written as. */
export function jobValues(job: StoredCronJob): readonly unknown[] {
  return [
    job.jobId,
    job.owner,
    job.principal,
    job.name,
    job.room,
    job.channel,
    job.payload,
    job.expression,
    job.timezone,
    new Date(job.startAtMs),
    job.everyMs,
    job.repeatCount,
    job.misfire,
    job.status,
    job.iteration,
    dateOf(job.nextAtMs),
    new Date(job.createdAtMs),
  ];
}

/** The job of a row. */
export function jobOf(row: JobRow): StoredCronJob {
  return {
    jobId: row.job_id,
    owner: row.owner,
    // A buffer of the driver's, which is an array of bytes with more to it.
    principal: new Uint8Array(row.principal),
    name: row.name,
    room: row.room,
    channel: row.channel,
    payload: new Uint8Array(row.payload),
    expression: row.expression,
    timezone: row.timezone,
    startAtMs: row.start_at.getTime(),
    everyMs: Number(row.every_ms),
    repeatCount: row.repeat_count,
    misfire: row.misfire,
    status: row.status,
    iteration: Number(row.iteration),
    nextAtMs: row.next_at?.getTime(),
    createdAtMs: row.created_at.getTime(),
  };
}

/** The occurrence of a row. */
export function runOf(row: RunRow): CronRun {
  return {
    dueAtMs: row.due_at.getTime(),
    iteration: Number(row.iteration),
    state: row.state,
    code: row.code,
    attempts: row.attempts,
    endedAtMs: row.ended_at?.getTime(),
  };
}

/** A time as the drivers write it. */
export function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}
