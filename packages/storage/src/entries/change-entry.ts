import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { checkQuota, usageOf } from './check-quota.ts';
import type { EntryUsage } from './check-quota.ts';
import { COLUMNS, IS_LIVE, entryOf } from './entry-row.ts';
import type { EntryRow } from './entry-row.ts';
import { FORGET_EVERY, entryBytes, floorOf } from './entry-store.ts';
import type { EntryLimits, EntryOutcome, EntryPlace, StoredEntry } from './entry-store.ts';

/** What is to be there after a change; a value that is undefined = nothing. */
export interface NewValue {
  readonly value: string | undefined;
  /** From now; undefined = for good. */
  readonly ttlMs: number | 'unchanged' | undefined;
}

/** How one place is changed. */
export interface EntryChange {
  /** Absent = a change that only takes away. */
  readonly limits?: EntryLimits;
  /** Told what is there now; gives what is to be there, or why nothing is changed. */
  readonly decide: (known: StoredEntry | undefined) => NewValue | 'conflict' | 'absent';
}

interface TenantRow extends EntryUsage {
  readonly version: number;
}

/** Changes one place inside a transaction, one after the other for each tenant. Throws as `EntryStore` says. */
export async function changeEntry(
  sql: Sql,
  tenant: TenantId,
  { namespace, key }: EntryPlace,
  { limits, decide }: EntryChange,
): Promise<EntryOutcome> {
  const held = await holdTenant(sql, tenant);
  const [row] = await sql.query<EntryRow & { readonly live: boolean }>(
    `SELECT ${COLUMNS}, ${IS_LIVE} AS live FROM arqon.store_entries
     WHERE tenant_id = $1 AND namespace = $2 AND key = $3`,
    [tenant, namespace, key],
  );
  const known = row?.live === true ? entryOf(row) : undefined;
  const wish = decide(known);
  if (wish === 'conflict') return { kind: 'conflict', version: known?.version ?? 0 };
  if (wish === 'absent') return { kind: 'absent' };
  const before = usageOf(row && entryOf(row));
  const after = usageOf({ namespace, key, value: wish.value });
  const usage = { keys: held.keys + after.keys - before.keys, bytes: held.bytes + after.bytes - before.bytes };
  if (limits !== undefined) checkQuota(held, usage, limits);
  const version = held.version + 1;
  const [stored] = await sql.query<EntryRow>(
    `INSERT INTO arqon.store_entries (tenant_id, namespace, key, version, value, expires_at)
     VALUES ($1, $2, $3, $4, $5, coalesce($7::timestamptz, clock_timestamp() + $6::float8 * interval '1 millisecond'))
     ON CONFLICT (tenant_id, namespace, key) DO UPDATE
     SET version = EXCLUDED.version, value = EXCLUDED.value, expires_at = EXCLUDED.expires_at
     RETURNING ${COLUMNS}`,
    [tenant, namespace, key, version, wish.value ?? null, ...expiryOf(wish, row)],
  );
  await letGo(sql, tenant, held, { ...usage, version });
  if (typeof wish.ttlMs === 'number') await noteExpiry(sql, tenant, stored?.expires_at ?? null);
  return { kind: 'changed', entry: entryOf(stored as EntryRow) };
}

/** Removes what has expired, oldest first. */
export async function removeExpired(sql: Sql, tenant: TenantId, limit: number): Promise<readonly StoredEntry[]> {
  const held = await holdTenant(sql, tenant);
  const rows = await sql.query<EntryRow>(
    `SELECT ${COLUMNS} FROM arqon.store_entries WHERE tenant_id = $1 AND expires_at <= clock_timestamp()
     ORDER BY expires_at, namespace, key LIMIT $2`,
    [tenant, limit],
  );
  const gone = rows.map((row, index) => ({ ...entryOf(row), version: held.version + index + 1 }));
  await sql.query(
    `UPDATE arqon.store_entries AS entry SET version = gone.version, value = NULL, expires_at = NULL
     FROM unnest($2::text[], $3::text[], $4::bigint[]) AS gone (namespace, key, version)
     WHERE entry.tenant_id = $1 AND entry.namespace = gone.namespace AND entry.key = gone.key`,
    [tenant, gone.map((entry) => entry.namespace), gone.map((entry) => entry.key), gone.map((entry) => entry.version)],
  );
  const bytes = gone.reduce((sum, entry) => sum + entryBytes(entry), 0);
  const version = held.version + gone.length;
  await letGo(sql, tenant, held, { version, keys: held.keys - gone.length, bytes: held.bytes - bytes });
  await sql.query(
    `WITH next AS (SELECT min(expires_at) AS at FROM arqon.store_entries WHERE tenant_id = $1)
     , over AS (DELETE FROM arqon.store_expiries USING next WHERE tenant_id = $1 AND next.at IS NULL)
     UPDATE arqon.store_expiries SET at = next.at FROM next WHERE tenant_id = $1 AND next.at IS NOT NULL`,
    [tenant],
  );
  return gone.map((entry) => ({ ...entry, value: undefined, expiresAtMs: undefined }));
}

/** Holds the tenant's row until the end of the transaction, and makes it where it is the first. */
async function holdTenant(sql: Sql, tenant: TenantId): Promise<TenantRow> {
  const [row] = await sql.query<{ readonly [K in keyof TenantRow]: string | number }>(
    `INSERT INTO arqon.store_tenants (tenant_id, version, keys, bytes) VALUES ($1, 0, 0, 0)
     ON CONFLICT (tenant_id) DO UPDATE SET version = arqon.store_tenants.version RETURNING version, keys, bytes`,
    [tenant],
  );
  return { version: Number(row?.version), keys: Number(row?.keys), bytes: Number(row?.bytes) };
}

async function letGo(sql: Sql, tenant: TenantId, before: TenantRow, after: TenantRow): Promise<void> {
  await sql.query('UPDATE arqon.store_tenants SET version = $2, keys = $3, bytes = $4 WHERE tenant_id = $1', [
    tenant,
    after.version,
    after.keys,
    after.bytes,
  ]);
  if (Math.floor(before.version / FORGET_EVERY) === Math.floor(after.version / FORGET_EVERY)) return;
  await sql.query('DELETE FROM arqon.store_entries WHERE tenant_id = $1 AND value IS NULL AND version <= $2', [
    tenant,
    floorOf(after.version),
  ]);
}

/** The values of `$6` and `$7`: how long from now, or until when as before. */
function expiryOf({ ttlMs }: NewValue, row: (EntryRow & { readonly live: boolean }) | undefined): readonly unknown[] {
  if (ttlMs !== 'unchanged') return [ttlMs ?? null, null];
  return [null, row?.live === true ? row.expires_at : null];
}

async function noteExpiry(sql: Sql, tenant: TenantId, at: Date | null): Promise<void> {
  await sql.query(
    `INSERT INTO arqon.store_expiries (tenant_id, at) VALUES ($1, $2)
     ON CONFLICT (tenant_id) DO UPDATE SET at = least(arqon.store_expiries.at, EXCLUDED.at)`,
    [tenant, at],
  );
}
