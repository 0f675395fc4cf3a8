import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { GatheredCalls } from '../gathered-calls.ts';
import { JOB_COLUMNS, dateOf, jobOf, jobValues, runOf } from './cron-rows.ts';
import type { JobRow, RunRow } from './cron-rows.ts';
import { FORGOTTEN_AFTER_MS } from './cron-store.ts';
import type { CronChange, CronStore, RunEnd, StoredCronJob } from './cron-store.ts';
import { forgetEnded } from './forget-ended.ts';
import { claim, finishAll } from './postgres-cron-claims.ts';
import type { Ending } from './postgres-cron-claims.ts';

/** Schedules in Postgres. Claims run out by its clock; what is due is told by the caller's. */
export function createPostgresCronStore(database: Database): CronStore {
  const additions = new GatheredCalls<TenantId, Addition, boolean>({
    run: (tenant, wanted) => database.withTenant(tenant, (sql) => addAll(sql, tenant, wanted)),
    maxItems: MAX_ADDED,
    maxWaiting: MAX_WAITING,
  });
  const endings = new GatheredCalls<TenantId, Ending, readonly RunEnd[]>({
    run: (tenant, wanted) => database.withTenant(tenant, (sql) => finishAll(sql, tenant, wanted)),
    maxItems: MAX_ENDED,
    maxWaiting: MAX_WAITING,
  });
  return {
    add: async (tenant, job, maxJobs) => {
      const isMade = await additions.call(tenant, { job, maxJobs });
      if (!isMade) throw new BusError('QUOTA_EXCEEDED', 'There are too many jobs.');
    },
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
    finish: (tenant, ends, nowMs) => (ends.length === 0 ? Promise.resolve([]) : endings.call(tenant, { ends, nowMs })),
  };
}

interface Addition {
  readonly job: StoredCronJob;
  readonly maxJobs: number;
}

/** Jobs of one statement: each has a parameter for each column. */
const MAX_ADDED = 100;
const MAX_ENDED = 10;
const MAX_WAITING = 1_000;

/** False for each that there was no room for. A transaction for each cost a tenant 25 ms, as they wait for one another. */
async function addAll(sql: Sql, tenant: TenantId, wanted: readonly Addition[]): Promise<readonly boolean[]> {
  await forgetEnded(sql, tenant, Math.max(...wanted.map(({ job }) => job.createdAtMs)));
  // A tenant's jobs are made one after the other, so that the limit holds; the number keeps it apart from other work.
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 34))', [tenant]);
  const [row] = await sql.query<{ readonly count: string | number }>(
    'SELECT count(*) FROM arqon.cron_jobs WHERE tenant_id = $1 AND ended_at IS NULL',
    [tenant],
  );
  const count = Number(row?.count);
  const isMade = wanted.map(({ maxJobs }, index) => count + index < maxJobs);
  const jobs = wanted.filter((_, index) => isMade[index]).map(({ job }) => job);
  if (jobs.length > 0) await insertJobs(sql, tenant, jobs);
  return isMade;
}

async function insertJobs(sql: Sql, tenant: TenantId, jobs: readonly StoredCronJob[]): Promise<void> {
  const rows = jobs.map(jobValues);
  let last = 1;
  const places = rows.map((values) => `($1, ${values.map(() => `$${(last += 1)}`).join(', ')})`);
  const inserted = `INSERT INTO arqon.cron_jobs (tenant_id, ${JOB_COLUMNS}) VALUES ${places.join(', ')}`;
  const nextAtMs = Math.min(...jobs.map((job) => job.nextAtMs ?? Infinity));
  const dueAtDate = Number.isFinite(nextAtMs) ? dateOf(nextAtMs) : null;
  await sql.query(`WITH made AS (${inserted}) ${tellDue(last + 1)}`, [tenant, ...rows.flat(), dueAtDate]);
}

/**
 * Tells those who look for all tenants, in the transaction that writes the job: it waits for whoever holds this row, who has not seen
 * the job; and who comes after sees both.
 */
function tellDue(place: number): string {
  return `INSERT INTO arqon.cron_due (tenant_id, next_at) VALUES ($1, $${place})
    ON CONFLICT (tenant_id) DO UPDATE SET next_at = LEAST(arqon.cron_due.next_at, EXCLUDED.next_at)`;
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
  // One that is over is forgotten a day later, which is something to do as well.
  const dueMs = status === 'cancelled' ? nowMs + FORGOTTEN_AFTER_MS : nextAtMs;
  if (dueMs !== undefined) await sql.query(tellDue(2), [tenant, dateOf(dueMs)]);
  return jobOf(row);
}
