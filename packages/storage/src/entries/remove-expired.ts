import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { COLUMNS, entryOf } from './entry-row.ts';
import type { EntryRow } from './entry-row.ts';
import { entryBytes } from './entry-store.ts';
import type { StoredEntry } from './entry-store.ts';
import { holdTenant, writeTenant } from './held-tenant.ts';

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
  await writeTenant(sql, tenant, held, { version, keys: held.keys - gone.length, bytes: held.bytes - bytes });
  await sql.query(
    `WITH next AS (SELECT min(expires_at) AS at FROM arqon.store_entries WHERE tenant_id = $1)
     , over AS (DELETE FROM arqon.store_expiries USING next WHERE tenant_id = $1 AND next.at IS NULL)
     UPDATE arqon.store_expiries SET at = next.at FROM next WHERE tenant_id = $1 AND next.at IS NOT NULL`,
    [tenant],
  );
  return gone.map((entry) => ({ ...entry, value: undefined, expiresAtMs: undefined }));
}
