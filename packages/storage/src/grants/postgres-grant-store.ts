import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import type { GrantLimits, GrantStore, StoredGrant } from './grant-store.ts';

/** Grants in Postgres. A tenant's changes come one after the other, so that its limits hold. */
export function createPostgresGrantStore(database: Database): GrantStore {
  return {
    put: (tenant, grant, limits) => database.withTenant(tenant, (sql) => put(sql, tenant, grant, limits)),
    get: (tenant, grantId) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<GrantRow>(
          `SELECT ${COLUMNS} FROM arqon.grants WHERE tenant_id = $1 AND grant_id = $2`,
          [tenant, grantId],
        );
        return row === undefined ? undefined : grantOf(row);
      }),
    remove: (tenant, grantId) => database.withTenant(tenant, (sql) => remove(sql, tenant, grantId)),
    list: (tenant, { subject, after, limit }) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<GrantRow>(
          `SELECT ${COLUMNS} FROM arqon.grants
           WHERE tenant_id = $1 AND grant_id > $2 AND ($3::text IS NULL OR subject = $3)
           ORDER BY grant_id LIMIT $4`,
          [tenant, after, subject ?? null, limit],
        );
        return rows.map(grantOf);
      }),
    setOf: (tenant, subject) =>
      database.withTenant(tenant, async (sql) => {
        // The version first: a change between the two statements makes it look older than it is, and is told again.
        const [set] = await sql.query<VersionRow>(
          'SELECT subject, version FROM arqon.grant_sets WHERE tenant_id = $1 AND subject = $2',
          [tenant, subject],
        );
        const rows = await sql.query<GrantRow>(
          `SELECT ${COLUMNS} FROM arqon.grants WHERE tenant_id = $1 AND subject = $2 ORDER BY grant_id`,
          [tenant, subject],
        );
        return { version: Number(set?.version ?? 0), grants: rows.map(grantOf) };
      }),
    versions: (tenant) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query<VersionRow>('SELECT subject, version FROM arqon.grant_sets WHERE tenant_id = $1', [
          tenant,
        ]);
        return new Map(rows.map(({ subject, version }) => [subject, Number(version)]));
      }),
    removeExpired: (tenant, nowMs) => database.withTenant(tenant, (sql) => removeExpired(sql, tenant, nowMs)),
    tenants: () =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>('SELECT tenant_id FROM arqon.tenants ORDER BY 1');
        return rows.map((row) => row.tenant_id as TenantId);
      }),
  };
}

interface GrantRow {
  readonly grant_id: string;
  readonly subject: string;
  readonly action: string;
  readonly pattern: string;
  readonly effect: 'allow' | 'deny';
  readonly expires_at: Date | null;
  readonly created_by: string;
  readonly created_at: Date;
}

interface VersionRow {
  readonly subject: string;
  /** A bigint, which the drivers give as they please. */
  readonly version: string | number;
}

const COLUMNS = 'grant_id, subject, action, pattern, effect, expires_at, created_by, created_at';

function grantOf(row: GrantRow): StoredGrant {
  return {
    grantId: row.grant_id,
    subject: row.subject,
    action: row.action,
    pattern: row.pattern,
    effect: row.effect,
    expiresAtMs: row.expires_at?.getTime(),
    createdBy: row.created_by,
    createdAtMs: row.created_at.getTime(),
  };
}

async function put(sql: Sql, tenant: TenantId, grant: StoredGrant, limits: GrantLimits): Promise<StoredGrant> {
  await oneAfterTheOther(sql, tenant);
  const values = [tenant, grant.subject, grant.action, grant.pattern, grant.effect, dateOf(grant.expiresAtMs)];
  const [same] = await sql.query<GrantRow>(
    `UPDATE arqon.grants SET expires_at = $6
     WHERE tenant_id = $1 AND subject = $2 AND action = $3 AND pattern = $4 AND effect = $5 RETURNING ${COLUMNS}`,
    values,
  );
  if (same === undefined) {
    await checkLimits(sql, tenant, grant.subject, limits);
    await sql.query(
      `INSERT INTO arqon.grants (tenant_id, subject, action, pattern, effect, expires_at, grant_id, created_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [...values, grant.grantId, grant.createdBy, dateOf(grant.createdAtMs)],
    );
  }
  await touch(sql, tenant, [grant.subject]);
  return same === undefined ? grant : grantOf(same);
}

/** Holds the tenant's row until the end of the transaction, and makes it where it is the first. */
async function oneAfterTheOther(sql: Sql, tenant: TenantId): Promise<void> {
  await sql.query('INSERT INTO arqon.tenants (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING', [tenant]);
  await sql.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [tenant]);
}

async function checkLimits(sql: Sql, tenant: TenantId, subject: string, limits: GrantLimits): Promise<void> {
  const [counts] = await sql.query<{ readonly all: string | number; readonly own: string | number }>(
    'SELECT count(*) AS all, count(*) FILTER (WHERE subject = $2) AS own FROM arqon.grants WHERE tenant_id = $1',
    [tenant, subject],
  );
  if (Number(counts?.all ?? 0) >= limits.perTenant || Number(counts?.own ?? 0) >= limits.perSubject) {
    throw new BusError('QUOTA_EXCEEDED', 'There are too many grants.');
  }
}

async function remove(sql: Sql, tenant: TenantId, grantId: string): Promise<StoredGrant | undefined> {
  const [row] = await sql.query<GrantRow>(
    `DELETE FROM arqon.grants WHERE tenant_id = $1 AND grant_id = $2 RETURNING ${COLUMNS}`,
    [tenant, grantId],
  );
  if (row === undefined) return undefined;
  await touch(sql, tenant, [row.subject]);
  return grantOf(row);
}

async function removeExpired(sql: Sql, tenant: TenantId, nowMs: number): Promise<void> {
  const rows = await sql.query<{ readonly subject: string }>(
    'DELETE FROM arqon.grants WHERE tenant_id = $1 AND expires_at <= $2 RETURNING subject',
    [tenant, dateOf(nowMs)],
  );
  if (rows.length > 0) await touch(sql, tenant, [...new Set(rows.map(({ subject }) => subject))].toSorted());
}

async function touch(sql: Sql, tenant: TenantId, subjects: readonly string[]): Promise<void> {
  await sql.query(
    `INSERT INTO arqon.grant_sets (tenant_id, subject, version) SELECT $1, unnest($2::text[]), 1
     ON CONFLICT (tenant_id, subject) DO UPDATE SET version = arqon.grant_sets.version + 1`,
    [tenant, subjects],
  );
}

function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms);
}
