import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import type { StoredTask, TaskStore, VersionedTask } from './task-store.ts';

/** Tasks in Postgres. */
export function createPostgresTaskStore(database: Database): TaskStore {
  return {
    add: (tenant, task, payload) => database.withTenant(tenant, (sql) => add(sql, tenant, task, payload)),
    get: (tenant, taskId) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<TaskRow>(
          `SELECT ${COLUMNS} FROM arqon.tasks WHERE tenant_id = $1 AND task_id = $2`,
          [tenant, taskId],
        );
        return row && taskOf(row);
      }),
    findByKey: (tenant, submittedBy, idempotencyKey) =>
      database.withTenant(tenant, (sql) => findByKey(sql, tenant, submittedBy, idempotencyKey)),
    payload: (tenant, taskId) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<{ readonly payload: string }>(
          'SELECT payload FROM arqon.tasks WHERE tenant_id = $1 AND task_id = $2',
          [tenant, taskId],
        );
        return row?.payload;
      }),
    replace: (tenant, task, version) => database.withTenant(tenant, (sql) => replace(sql, tenant, task, version)),
    listOpen: (tenant) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<TaskRow>(
          `SELECT ${COLUMNS} FROM arqon.tasks WHERE tenant_id = $1 AND is_open ORDER BY task_id`,
          [tenant],
        );
        return rows.map(taskOf);
      }),
    close: (tenant, taskIds) =>
      database.withTenant(tenant, async (sql) => {
        await sql.query(
          `UPDATE arqon.tasks SET is_open = false
           WHERE tenant_id = $1 AND task_id = ANY($2::text[]) AND ended_at IS NOT NULL`,
          [tenant, taskIds],
        );
      }),
    listDead: (tenant, { group, after, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<TaskRow>(
          `SELECT ${COLUMNS} FROM arqon.tasks
           WHERE tenant_id = $1 AND is_dead AND task_id > $2 AND ($3 = '' OR group_name = $3)
           ORDER BY task_id LIMIT $4`,
          [tenant, after, group, limit],
        );
        return rows.map(taskOf);
      }),
    removeEnded: (tenant, beforeMs) =>
      database.withTenant(tenant, async (sql) => {
        await sql.query('DELETE FROM arqon.tasks WHERE tenant_id = $1 AND ended_at < $2', [tenant, dateOf(beforeMs)]);
      }),
    tenants: () =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>('SELECT tenant_id FROM arqon.tenants ORDER BY 1');
        return rows.map((row) => row.tenant_id as TenantId);
      }),
  };
}

interface TaskRow {
  readonly task_id: string;
  readonly group_name: string;
  readonly submitted_by: string;
  readonly idempotency_key: string | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
  readonly is_dead: boolean;
  readonly record: string;
  /** A bigint, which the drivers give as they please. */
  readonly version: string | number;
}

const COLUMNS = 'task_id, group_name, submitted_by, idempotency_key, created_at, ended_at, is_dead, record, version';

function taskOf(row: TaskRow): VersionedTask {
  const task: StoredTask = {
    taskId: row.task_id,
    group: row.group_name,
    submittedBy: row.submitted_by,
    idempotencyKey: row.idempotency_key ?? '',
    createdAtMs: row.created_at.getTime(),
    endedAtMs: row.ended_at?.getTime(),
    isDead: row.is_dead,
    record: row.record,
  };
  return { task, version: Number(row.version) };
}

async function add(sql: Sql, tenant: TenantId, task: StoredTask, payload: string): Promise<VersionedTask> {
  await sql.query('INSERT INTO arqon.tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
  const key = task.idempotencyKey === '' ? null : task.idempotencyKey;
  const added = await sql.query(
    `INSERT INTO arqon.tasks (tenant_id, task_id, group_name, submitted_by, idempotency_key, created_at, ended_at,
       is_dead, record, payload, version, is_open)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, true)
     ON CONFLICT (tenant_id, submitted_by, idempotency_key) DO NOTHING RETURNING task_id`,
    [tenant, task.taskId, task.group, task.submittedBy, key, ...statusOf(task), payload],
  );
  if (added.length > 0) return { task, version: 1 };
  const known = await findByKey(sql, tenant, task.submittedBy, task.idempotencyKey);
  // It was removed this moment, as nobody had asked for it for days.
  if (known === undefined) throw new BusError('CONFLICT', 'The idempotency key was being forgotten; try again.');
  return known;
}

async function findByKey(
  sql: Sql,
  tenant: TenantId,
  submittedBy: string,
  idempotencyKey: string,
): Promise<VersionedTask | undefined> {
  const [row] = await sql.query<TaskRow>(
    `SELECT ${COLUMNS} FROM arqon.tasks WHERE tenant_id = $1 AND submitted_by = $2 AND idempotency_key = $3`,
    [tenant, submittedBy, idempotencyKey],
  );
  return row && taskOf(row);
}

async function replace(sql: Sql, tenant: TenantId, task: StoredTask, version: number): Promise<number | undefined> {
  const rows = await sql.query(
    `UPDATE arqon.tasks SET created_at = $4, ended_at = $5, is_dead = $6, record = $7, version = version + 1,
       is_open = true
     WHERE tenant_id = $1 AND task_id = $2 AND version = $3 RETURNING task_id`,
    [tenant, task.taskId, version, ...statusOf(task)],
  );
  return rows.length === 0 ? undefined : version + 1;
}

function statusOf({ createdAtMs, endedAtMs, isDead, record }: StoredTask): readonly unknown[] {
  return [dateOf(createdAtMs), endedAtMs === undefined ? null : dateOf(endedAtMs), isDead, record];
}

function dateOf(ms: number): Date {
  return new Date(ms);
}
