import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { JOB_COLUMNS, dateOf, jobOf } from './cron-rows.ts';
import type { JobRow } from './cron-rows.ts';
import { KEPT_RUNS, TRIM_EVERY } from './cron-store.ts';
import type { ClaimAsk, ClaimedRun, Claims, CronPlan, RunEnd, StoredCronJob } from './cron-store.ts';

const NOTHING: Claims = { runs: [], missed: 0 };

/** Claims for one tenant, in the transaction of `sql`. */
export async function claim(sql: Sql, tenant: TenantId, ask: ClaimAsk): Promise<Claims> {
  // One at a time: what is read of the tenant below is then not older than what it says when there is more to do.
  const held = await sql.query('SELECT FROM arqon.cron_due WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED', [tenant]);
  if (held.length === 0) return NOTHING;
  const again = await claimAgain(sql, tenant, ask);
  const fresh = again.length < ask.limit ? await claimDue(sql, tenant, ask, ask.limit - again.length) : NOTHING;
  await sql.query(NEXT_DUE, [tenant]);
  return { runs: [...again, ...fresh.runs], missed: fresh.missed };
}

const NEXT_DUE = `
  UPDATE arqon.cron_due SET next_at = LEAST(
    (SELECT min(next_at) FROM arqon.cron_jobs WHERE tenant_id = $1 AND status = 'active'),
    (SELECT min(claimed_until) FROM arqon.cron_runs WHERE tenant_id = $1 AND state = 'claimed'))
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
  await moveOn(sql, tenant, planned, ask.nowMs);
  const missed = await addMissed(sql, tenant, planned, ask.nowMs);
  const made = await addClaimed(sql, tenant, planned, ask.claimMs);
  return { runs: claimsOf(made, new Map(planned.map(({ job }) => [job.jobId, job]))), missed };
}

async function moveOn(sql: Sql, tenant: TenantId, planned: readonly PlannedJob[], nowMs: number): Promise<void> {
  await sql.query(
    `UPDATE arqon.cron_jobs j
     SET next_at = p.next_at, iteration = j.iteration + p.fired,
         status = CASE WHEN p.next_at IS NULL THEN 'done' ELSE j.status END,
         ended_at = CASE WHEN p.next_at IS NULL THEN $5::timestamptz END
     FROM unnest($2::text[], $3::timestamptz[], $4::bigint[]) AS p (job_id, next_at, fired)
     WHERE j.tenant_id = $1 AND j.job_id = p.job_id`,
    [
      tenant,
      planned.map(({ job }) => job.jobId),
      planned.map(({ plan }) => dateOf(plan.nextAtMs)),
      planned.map(({ plan }) => plan.fire.length),
      dateOf(nowMs),
    ],
  );
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

async function addClaimed(
  sql: Sql,
  tenant: TenantId,
  planned: readonly PlannedJob[],
  claimMs: number,
): Promise<readonly ClaimRow[]> {
  const all = planned.flatMap(({ job, plan }) =>
    plan.fire.map((dueMs, index) => ({ jobId: job.jobId, dueMs, iteration: job.iteration + index + 1 })),
  );
  if (all.length === 0) return [];
  // One that is there already has been claimed before, and is fired by whom it belongs to.
  return sql.query<ClaimRow>(
    `INSERT INTO arqon.cron_runs (tenant_id, job_id, due_at, iteration, state, token, claimed_until, attempts)
     SELECT $1, f.job_id, f.due_at, f.iteration, 'claimed', nextval('arqon.fencing_tokens'), ${UNTIL}, 1
     FROM unnest($2::text[], $4::timestamptz[], $5::bigint[]) AS f (job_id, due_at, iteration)
     ON CONFLICT DO NOTHING RETURNING job_id, due_at, iteration, attempts, token`,
    [
      tenant,
      all.map(({ jobId }) => jobId),
      claimMs,
      all.map(({ dueMs }) => dateOf(dueMs)),
      all.map(({ iteration }) => iteration),
    ],
  );
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
}

/** Records ends where the token is still the one of the row, and lets old occurrences go. Gives how many of each were recorded. */
export async function finishAll(sql: Sql, tenant: TenantId, endings: readonly Ending[]): Promise<readonly number[]> {
  const ends = endings.flatMap((ending) => ending.ends);
  const nowMs = Math.max(...endings.map((ending) => ending.nowMs));
  const rows = await sql.query<EndedRow>(
    `UPDATE arqon.cron_runs r SET state = e.state, code = e.code, ended_at = $7::timestamptz, claimed_until = NULL
     FROM unnest($2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::text[])
          AS e (job_id, due_at, token, state, code)
     WHERE r.tenant_id = $1 AND r.job_id = e.job_id AND r.due_at = e.due_at AND r.token = e.token AND r.state = 'claimed'
     RETURNING r.job_id, r.due_at, r.iteration`,
    [
      tenant,
      ends.map(({ jobId }) => jobId),
      ends.map(({ dueAtMs }) => dateOf(dueAtMs)),
      ends.map(({ token }) => token),
      ends.map(({ state }) => state),
      ends.map(({ code }) => code),
      dateOf(nowMs),
    ],
  );
  const long = rows.filter(({ iteration }) => Number(iteration) > KEPT_RUNS && Number(iteration) % TRIM_EVERY === 0);
  if (long.length > 0) await trim(sql, tenant, long);
  const recorded = new Set(rows.map((row) => `${row.job_id} ${row.due_at.getTime()}`));
  return endings.map((ending) => ending.ends.filter((end) => recorded.has(`${end.jobId} ${end.dueAtMs}`)).length);
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
