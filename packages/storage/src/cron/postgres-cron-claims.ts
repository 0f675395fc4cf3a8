import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { JOB_COLUMNS, dateOf, jobOf } from './cron-rows.ts';
import type { JobRow } from './cron-rows.ts';
import { FORGOTTEN_AFTER_MS, KEPT_RUNS, TRIM_EVERY } from './cron-store.ts';
import type { ClaimAsk, ClaimedRun, Claims, CronPlan, RunEnd, StoredCronJob } from './cron-store.ts';
import { forgetEnded } from './forget-ended.ts';

const NOTHING: Claims = { runs: [], missed: 0, hasMore: false };

/** Claims for one tenant, in the transaction of `sql`. */
export async function claim(sql: Sql, tenant: TenantId, ask: ClaimAsk): Promise<Claims> {
  // One at a time: what is read of the tenant below is then not older than what it says when there is more to do.
  const held = await sql.query('SELECT FROM arqon.cron_due WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED', [tenant]);
  if (held.length === 0) return NOTHING;
  const again = await claimAgain(sql, tenant, ask);
  const left = ask.limit - again.length;
  const fresh = left > 0 ? await claimDue(sql, tenant, ask, left) : { ...NOTHING, hasMore: true };
  // Who has nothing to fire was due for what is over; who has waits for the next time, and is due until then.
  if (again.length === 0 && fresh.runs.length === 0) await forgetEnded(sql, tenant, ask.nowMs);
  // Where there may be more, the tenant stays due: for this caller, or for another where this one ends.
  if (!fresh.hasMore) await sql.query(NEXT_DUE, [tenant]);
  return { ...fresh, runs: [...again, ...fresh.runs] };
}

const NEXT_DUE = `
  UPDATE arqon.cron_due SET next_at = LEAST(
    (SELECT min(next_at) FROM arqon.cron_jobs WHERE tenant_id = $1 AND status = 'active'),
    (SELECT min(claimed_until) FROM arqon.cron_runs WHERE tenant_id = $1 AND state = 'claimed'),
    (SELECT min(ended_at) FROM arqon.cron_jobs WHERE tenant_id = $1 AND ended_at IS NOT NULL)
      + ${FORGOTTEN_AFTER_MS} * interval '1 millisecond')
  WHERE tenant_id = $1`;

const UNTIL = "clock_timestamp() + $3::float8 * interval '1 millisecond'";

interface ClaimRow {
  readonly job_id: string;
  readonly due_at: Date;
  readonly iteration: string | number;
  readonly attempts: number;
  readonly token: string | number;
}

/** What others began to fire and did not end. */
async function claimAgain(sql: Sql, tenant: TenantId, ask: ClaimAsk): Promise<readonly ClaimedRun[]> {
  const rows = await sql.query<ClaimRow>(
    `UPDATE arqon.cron_runs r
     SET token = nextval('arqon.fencing_tokens'), claimed_until = ${UNTIL}, attempts = attempts + 1
     FROM (SELECT job_id, due_at FROM arqon.cron_runs
           WHERE tenant_id = $1 AND state = 'claimed' AND claimed_until <= clock_timestamp()
           ORDER BY claimed_until LIMIT $2 FOR UPDATE SKIP LOCKED) late
     WHERE r.tenant_id = $1 AND r.job_id = late.job_id AND r.due_at = late.due_at
     RETURNING r.job_id, r.due_at, r.iteration, r.attempts, r.token`,
    [tenant, ask.limit, ask.claimMs],
  );
  if (rows.length === 0) return [];
  const jobs = await sql.query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM arqon.cron_jobs WHERE tenant_id = $1 AND job_id = ANY($2::text[])`,
    [tenant, [...new Set(rows.map((row) => row.job_id))]],
  );
  return claimsOf(rows, new Map(jobs.map((row) => [row.job_id, jobOf(row)])));
}

interface PlannedJob {
  readonly job: StoredCronJob;
  readonly plan: CronPlan;
}

async function claimDue(sql: Sql, tenant: TenantId, ask: ClaimAsk, limit: number): Promise<Claims> {
  // A job that somebody is just changing is left for the next time.
  const rows = await sql.query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM arqon.cron_jobs
     WHERE tenant_id = $1 AND status = 'active' AND next_at <= $2
     ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED`,
    [tenant, dateOf(ask.nowMs), limit],
  );
  if (rows.length === 0) return NOTHING;
  const planned = rows.map(jobOf).map((job) => ({ job, plan: ask.plan(job) }));
  const missed = await addMissed(sql, tenant, planned, ask.nowMs);
  const made = await moveOn(sql, tenant, planned, ask);
  const runs = claimsOf(made, new Map(planned.map(({ job }) => [job.jobId, job])));
  return { runs, missed, hasMore: rows.length >= limit };
}

/** Moments go as numbers: the driver takes ten times as long to write dates. */
const MOMENTS = (place: string): string => `to_timestamp(unnest(${place}::float8[]) / 1000)`;

/**
 * Moves the jobs on and makes their occurrences, in one way to the server. An occurrence that is there already has been claimed
 * before, and is fired by whom it belongs to.
 */
const MOVE_ON = `
  WITH moved AS (
    UPDATE arqon.cron_jobs j
    SET next_at = p.next_at, iteration = j.iteration + p.fired,
        status = CASE WHEN p.next_at IS NULL THEN 'done' ELSE j.status END,
        ended_at = CASE WHEN p.next_at IS NULL THEN to_timestamp($4::float8 / 1000) END
    FROM (SELECT unnest($2::text[]) AS job_id, ${MOMENTS('$5')} AS next_at, unnest($6::bigint[]) AS fired) p
    WHERE j.tenant_id = $1 AND j.job_id = p.job_id)
  INSERT INTO arqon.cron_runs (tenant_id, job_id, due_at, iteration, state, token, claimed_until, attempts)
  SELECT $1, f.job_id, f.due_at, f.iteration, 'claimed', nextval('arqon.fencing_tokens'), ${UNTIL}, 1
  FROM (SELECT unnest($7::text[]) AS job_id, ${MOMENTS('$8')} AS due_at, unnest($9::bigint[]) AS iteration) f
  ON CONFLICT DO NOTHING RETURNING job_id, due_at, iteration, attempts, token`;

function moveOn(
  sql: Sql,
  tenant: TenantId,
  planned: readonly PlannedJob[],
  { claimMs, nowMs }: ClaimAsk,
): Promise<readonly ClaimRow[]> {
  const runs = planned.flatMap(({ job, plan }) =>
    plan.fire.map((dueMs, index) => ({ jobId: job.jobId, dueMs, iteration: job.iteration + index + 1 })),
  );
  return sql.query<ClaimRow>(MOVE_ON, [
    tenant,
    planned.map(({ job }) => job.jobId),
    claimMs,
    nowMs,
    planned.map(({ plan }) => plan.nextAtMs ?? null),
    planned.map(({ plan }) => plan.fire.length),
    runs.map(({ jobId }) => jobId),
    runs.map(({ dueMs }) => dueMs),
    runs.map(({ iteration }) => iteration),
  ]);
}

async function addMissed(sql: Sql, tenant: TenantId, planned: readonly PlannedJob[], nowMs: number): Promise<number> {
  const missing = planned.filter(({ plan }) => plan.missedMs !== undefined);
  if (missing.length === 0) return 0;
  await sql.query(
    `INSERT INTO arqon.cron_runs (tenant_id, job_id, due_at, iteration, state, token, attempts, ended_at)
     SELECT $1, m.job_id, m.due_at, m.iteration, 'missed', nextval('arqon.fencing_tokens'), 0, $5::timestamptz
     FROM unnest($2::text[], $3::timestamptz[], $4::bigint[]) AS m (job_id, due_at, iteration)
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      missing.map(({ job }) => job.jobId),
      missing.map(({ plan }) => dateOf(plan.missedMs)),
      missing.map(({ job }) => job.iteration),
      dateOf(nowMs),
    ],
  );
  return missing.length;
}

function claimsOf(rows: readonly ClaimRow[], jobs: ReadonlyMap<string, StoredCronJob>): readonly ClaimedRun[] {
  return rows.flatMap((row) => {
    const job = jobs.get(row.job_id);
    const { attempts } = row;
    const fields = {
      dueAtMs: row.due_at.getTime(),
      iteration: Number(row.iteration),
      attempts,
      token: Number(row.token),
    };
    return job === undefined ? [] : [{ job, ...fields }];
  });
}

/** Occurrences that one caller has ended. */
export interface Ending {
  readonly ends: readonly RunEnd[];
  readonly nowMs: number;
}

interface EndedRow {
  readonly job_id: string;
  readonly due_at: Date;
  readonly iteration: string | number;
  readonly token: string | number;
}

/** Records ends where the token is still the one of the row, and lets old occurrences go. Gives those of each that were recorded. */
export async function finishAll(
  sql: Sql,
  tenant: TenantId,
  endings: readonly Ending[],
): Promise<readonly (readonly RunEnd[])[]> {
  const ends = endings.flatMap((ending) => ending.ends);
  const nowMs = Math.max(...endings.map((ending) => ending.nowMs));
  const rows = await sql.query<EndedRow>(
    `UPDATE arqon.cron_runs r SET state = e.state, code = e.code, ended_at = $7::timestamptz, claimed_until = NULL
     FROM (SELECT unnest($2::text[]) AS job_id, ${MOMENTS('$3')} AS due_at, unnest($4::bigint[]) AS token,
                  unnest($5::text[]) AS state, unnest($6::text[]) AS code) e
     WHERE r.tenant_id = $1 AND r.job_id = e.job_id AND r.due_at = e.due_at AND r.token = e.token AND r.state = 'claimed'
     RETURNING r.job_id, r.due_at, r.iteration, r.token`,
    [
      tenant,
      ends.map(({ jobId }) => jobId),
      ends.map(({ dueAtMs }) => dueAtMs),
      ends.map(({ token }) => token),
      ends.map(({ state }) => state),
      ends.map(({ code }) => code),
      dateOf(nowMs),
    ],
  );
  const long = rows.filter(({ iteration }) => Number(iteration) > KEPT_RUNS && Number(iteration) % TRIM_EVERY === 0);
  if (long.length > 0) await trim(sql, tenant, long);
  // No token is given twice, so it tells the end of one claim from that of another of the same occurrence.
  const recorded = new Set(rows.map(({ token }) => Number(token)));
  return endings.map((ending) => ending.ends.filter(({ token }) => recorded.has(token)));
}

async function trim(
  sql: Sql,
  tenant: TenantId,
  long: readonly { readonly job_id: string; readonly iteration: string | number }[],
): Promise<void> {
  await sql.query(
    `DELETE FROM arqon.cron_runs r USING unnest($2::text[], $3::bigint[]) AS l (job_id, iteration)
     WHERE r.tenant_id = $1 AND r.job_id = l.job_id AND r.iteration <= l.iteration - ${KEPT_RUNS} AND r.state <> 'claimed'`,
    [tenant, long.map(({ job_id: jobId }) => jobId), long.map(({ iteration }) => Number(iteration))],
  );
}
