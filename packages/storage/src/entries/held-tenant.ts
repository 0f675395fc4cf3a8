import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import type { EntryUsage } from './check-quota.ts';
import { FORGET_EVERY, floorOf } from './entry-store.ts';

/** How a tenant stands; nobody else changes it before the end of the transaction. */
export interface HeldTenant extends EntryUsage {
  /** Of its last change. */
  readonly version: number;
}

/** Holds the tenant's row until the end of the transaction, and makes it where it is the first; tells what time it is there, too. */
export async function holdTenant(sql: Sql, tenant: TenantId): Promise<HeldTenant & { readonly nowMs: number }> {
  const [row] = await sql.query<{ readonly [K in keyof HeldTenant]: string | number } & { readonly now: Date }>(
    `INSERT INTO arqon.store_tenants (tenant_id, version, keys, bytes) VALUES ($1, 0, 0, 0)
     ON CONFLICT (tenant_id) DO UPDATE SET version = arqon.store_tenants.version
     RETURNING version, keys, bytes, clock_timestamp() AS now`,
    [tenant],
  );
  if (row === undefined) throw new Error('the row of a tenant was neither made nor held');
  return { version: Number(row.version), keys: Number(row.keys), bytes: Number(row.bytes), nowMs: row.now.getTime() };
}

/** Writes how it stands after changes, and forgets deletions that are too long ago. */
export async function writeTenant(sql: Sql, tenant: TenantId, before: HeldTenant, after: HeldTenant): Promise<void> {
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
