import type { Sql } from '../database.ts';

/** Binds the transaction to one tenant, for the policies of every table; '' = to none. Ends with the transaction. */
export async function setTenant(sql: Sql, tenant: string): Promise<void> {
  await sql.query("SELECT set_config('arqon.tenant', $1, true)", [tenant]);
}
