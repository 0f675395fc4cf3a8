import { BusError } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import type { Lease, Leases } from './leases.ts';

/** Leases in Postgres, by its clock. What is written under one is written in the transaction that has checked it. */
export function createPostgresLeases(database: Database): Leases<Sql> {
  return {
    acquire: ({ tenant, name }, holder, ttlMs) =>
      database.withTenant(tenant, async (sql) => {
        const values = [tenant, name, holder, ttlMs];
        const [row] = (await isThere(sql, tenant, name))
          ? await sql.query<TokenRow>(TAKE_OVER, values)
          : await sql.query<TokenRow>(TAKE_FIRST, values);
        return row === undefined ? undefined : { tenant, name, token: Number(row.token) };
      }),
    renew: ({ tenant, name, token }, ttlMs) =>
      database.withTenant(tenant, async (sql) => {
        const rows = await sql.query(
          `UPDATE arqon.leases SET expires_at = ${expiry('$4')}
           WHERE tenant_id = $1 AND name = $2 AND token = $3 RETURNING token`,
          [tenant, name, token, ttlMs],
        );
        return rows.length > 0;
      }),
    release: ({ tenant, name, token }) =>
      database.withTenant(tenant, async (sql) => {
        await sql.query('DELETE FROM arqon.leases WHERE tenant_id = $1 AND name = $2 AND token = $3', [
          tenant,
          name,
          token,
        ]);
      }),
    fenced: (lease, write) =>
      database.withTenant(lease.tenant, async (sql) => {
        await holdFast(sql, lease);
        return write(sql);
      }),
  };
}

interface TokenRow {
  /** A bigint, which the drivers give as they please. */
  readonly token: string | number;
}

const expiry = (ttlMs: string): string => `clock_timestamp() + ${ttlMs}::float8 * interval '1 millisecond'`;

const TAKE_FIRST = `
  INSERT INTO arqon.leases (tenant_id, name, holder, token, expires_at)
  VALUES ($1, $2, $3, nextval('arqon.fencing_tokens'), ${expiry('$4')})
  ON CONFLICT DO NOTHING RETURNING token`;

const TAKE_OVER = `
  UPDATE arqon.leases SET holder = $3, token = nextval('arqon.fencing_tokens'), expires_at = ${expiry('$4')}
  WHERE tenant_id = $1 AND name = $2 AND expires_at <= clock_timestamp() RETURNING token`;

/** Locks the row until the end of the transaction. One on which somebody writes is as good as none: it is not waited for. */
async function isThere(sql: Sql, tenant: string, name: string): Promise<boolean> {
  const rows = await sql.query('SELECT FROM arqon.leases WHERE tenant_id = $1 AND name = $2 FOR UPDATE SKIP LOCKED', [
    tenant,
    name,
  ]);
  return rows.length > 0;
}

/** Lets nobody take the lease before the end of the transaction; several may write under it. */
async function holdFast(sql: Sql, { tenant, name, token }: Lease): Promise<void> {
  const rows = await sql.query('SELECT FROM arqon.leases WHERE tenant_id = $1 AND name = $2 AND token = $3 FOR SHARE', [
    tenant,
    name,
    token,
  ]);
  if (rows.length === 0) throw new BusError('CONFLICT', 'The lease is held by another.');
}
