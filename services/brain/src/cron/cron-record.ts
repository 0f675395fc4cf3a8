import { CronJobRecordSchema, CronRunRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { CronJobRecord, CronRunRecord } from '@arqonbus/protocol/spine-messages';
import type { CronRun, StoredCronJob } from '@arqonbus/storage';

/** A job as it travels on the Spine. */
export function jobRecordOf(job: StoredCronJob): CronJobRecord {
  return create(CronJobRecordSchema, {
    jobId: job.jobId,
    owner: job.owner,
    name: job.name,
    room: job.room,
    channel: job.channel,
    payload: job.payload,
    expression: job.expression,
    timezone: job.timezone,
    startAtMs: BigInt(job.startAtMs),
    everyMs: BigInt(job.everyMs),
    repeatCount: job.repeatCount,
    misfire: job.misfire,
    status: job.status,
    iteration: BigInt(job.iteration),
    nextAtMs: BigInt(job.nextAtMs ?? 0),
    createdAtMs: BigInt(job.createdAtMs),
  });
}

/** An occurrence as it travels on the Spine. */
export function runRecordOf(run: CronRun): CronRunRecord {
  return create(CronRunRecordSchema, {
    dueAtMs: BigInt(run.dueAtMs),
    iteration: BigInt(run.iteration),
    state: run.state,
    code: run.code,
    attempts: run.attempts,
    endedAtMs: BigInt(run.endedAtMs ?? 0),
  });
}
