import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { JOB_COLUMNS, dateOf, jobOf, jobValues, runOf } from './cron-rows.ts';
import type { JobRow, RunRow } from './cron-rows.ts';
import { KEPT_ENDED, KEPT_ENDED_MS } from './cron-store.ts';
import type { CronChange, CronStore, StoredCronJob } from './cron-store.ts';
import { claim, finish } from './postgres-cron-claims.ts';

/** Schedules in Postgres. Claims run out by its clock; what is due is told by the caller's. */
export function createPostgresCronStore(database: Database): CronStore {
  return {
    add: (tenant, job, maxJobs) => database.withTenant(tenant, (sql) => add(sql, tenant, job, maxJobs)),
    get: (tenant, jobId) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<JobRow>(
          `SELECT ${JOB_COLUMNS} FROM arqon.cron_jobs WHERE tenant_id = $1 AND job_id = $2`,
          [tenant, jobId],
        );
        return row && jobOf(row);
      }),
    list: (tenant, { owner, after, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<JobRow>(
          `SELECT ${JOB_COLUMNS} FROM arqon.cron_jobs
           WHERE tenant_id = $1 AND job_id > $2 AND ($3::text IS NULL OR owner = $3) ORDER BY job_id LIMIT $4`,
          [tenant, after, owner ?? null, limit],
        );
        return rows.map(jobOf);
      }),
    change: (tenant, jobId, wish, nowMs) =>
      database.withTenant(tenant, (sql) => change(sql, tenant, jobId, wish, nowMs)),
    runs: (tenant, jobId, beforeMs, limit) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<RunRow>(
          `SELECT due_at, iteration, state, code, attempts, ended_at FROM arqon.cron_runs
           WHERE tenant_id = $1 AND job_id = $2 AND due_at < $3 ORDER BY due_at DESC LIMIT $4`,
          [tenant, jobId, dateOf(beforeMs), limit],
        );
        return rows.map(runOf);
      }),
    dueTenants: (nowMs, limit) =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>(
          'SELECT tenant_id FROM arqon.cron_due WHERE next_at <= $1 ORDER BY next_at LIMIT $2',
          [dateOf(nowMs), limit],
        );
        return rows.map((row) => row.tenant_id as TenantId);
      }),
    claim: (tenant, ask) => database.withTenant(tenant, (sql) => claim(sql, tenant, ask)),
    finish: (tenant, ends, nowMs) =>
      ends.length === 0 ? Promise.resolve(0) : database.withTenant(tenant, (sql) => finish(sql, tenant, ends, nowMs)),
  };
}

async function add(sql: Sql, tenant: TenantId, job: StoredCronJob, maxJobs: number): Promise<void> {
  await forgetEnded(sql, tenant, job.createdAtMs);
  // A tenant's jobs are made one after the other, so that the limit holds; the number keeps it apart from other work.
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 34))', [tenant]);
  const values = jobValues(job);
  const places = values.map((_, index) => `$${index + 3}`).join(', ');
  const made = await sql.query(
    `INSERT INTO arqon.cron_jobs (tenant_id, ${JOB_COLUMNS}) SELECT $1, ${places}
     WHERE (SELECT count(*) FROM arqon.cron_jobs WHERE tenant_id = $1 AND ended_at IS NULL) < $2 RETURNING job_id`,
    [tenant, maxJobs, ...values],
  );
  if (made.length === 0) throw new BusError('QUOTA_EXCEEDED', 'There are too many jobs.');
  await dueAt(sql, tenant, job.nextAtMs);
}

/** Only making jobs adds to them, so here is where the number of those that are over is held down. */
async function forgetEnded(sql: Sql, tenant: TenantId, nowMs: number): Promise<void> {
  await sql.query(
    `DELETE FROM arqon.cron_jobs WHERE tenant_id = $1 AND (ended_at < $2 OR job_id IN (
       SELECT job_id FROM arqon.cron_jobs WHERE tenant_id = $1 AND ended_at IS NOT NULL
       ORDER BY ended_at DESC OFFSET ${KEPT_ENDED}))`,
    [tenant, dateOf(nowMs - KEPT_ENDED_MS)],
  );
}

/** Tells those who look for all tenants. After the job is written: whoever holds this row reads the jobs after. */
async function dueAt(sql: Sql, tenant: TenantId, nextAtMs: number | undefined): Promise<void> {
  await sql.query(
    `INSERT INTO arqon.cron_due (tenant_id, next_at) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET next_at = LEAST(arqon.cron_due.next_at, EXCLUDED.next_at)`,
    [tenant, dateOf(nextAtMs)],
  );
}

async function change(
  sql: Sql,
  tenant: TenantId,
  jobId: string,
  { status, nextAtMs, from }: CronChange,
  nowMs: number,
): Promise<StoredCronJob | undefined> {
  const [row] = await sql.query<JobRow>(
    `UPDATE arqon.cron_jobs SET status = $3, next_at = $4, ended_at = CASE WHEN $3 = 'cancelled' THEN $6::timestamptz END
     WHERE tenant_id = $1 AND job_id = $2 AND status = ANY($5::text[]) RETURNING ${JOB_COLUMNS}`,
    [tenant, jobId, status, dateOf(nextAtMs), from, dateOf(nowMs)],
  );
  if (row === undefined) return undefined;
  if (nextAtMs !== undefined) await dueAt(sql, tenant, nextAtMs);
  return jobOf(row);
}
