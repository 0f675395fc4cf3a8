import { escapeLiteral } from 'pg';
import type { Sql } from '../database.ts';

/** Binds the transaction to one tenant, for the policies of every table; '' = to none. Ends with the transaction. */
export async function setTenant(sql: Sql, tenant: string): Promise<void> {
  await sql.query("SELECT set_config('arqon.tenant', $1, true)", [tenant]);
}

/** The same as {@link setTenant} in a statement that takes no values, so that it can go together with others. */
export function tenantStatement(tenant: string): string {
  return `SELECT set_config('arqon.tenant', ${escapeLiteral(tenant)}, true)`;
}
