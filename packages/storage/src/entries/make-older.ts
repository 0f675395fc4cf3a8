import type { TenantId } from '@arqonbus/protocol';
import type { Database } from '../database.ts';

/** For tests: the clock is the server's, so time goes by for what it is to judge. */
export function makeOlder(database: Database, tenant: TenantId, ms: number): Promise<void> {
  return database.withTenant(tenant, async (sql) => {
    const older = `- $1::float8 * interval '1 millisecond'`;
    await sql.query(`UPDATE arqon.store_entries SET expires_at = expires_at ${older}`, [ms]);
    await sql.query(`UPDATE arqon.store_expiries SET at = at ${older} WHERE tenant_id = $2`, [ms, tenant]);
  });
}
