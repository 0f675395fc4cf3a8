import { Pool } from 'pg';
import type { PoolClient, QueryResultRow } from 'pg';
import type { Sql } from '../database.ts';
import { kindOfFailure } from './failure.ts';
import type { PostgresOptions } from './postgres-options.ts';
import { tenantStatement } from './set-tenant.ts';

const CLIENT_GRACE_MS = 500;
const IDLE_MS = 30_000;

/** A bounded pool of connections to one server, which have a bound for every wait. */
export function createPool(
  server: string,
  { poolSize, connectTimeoutMs, statementTimeoutMs }: Omit<PostgresOptions, 'url'>,
): Pool {
  const pool = new Pool({
    connectionString: server,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + CLIENT_GRACE_MS,
    idle_in_transaction_session_timeout: 2 * statementTimeoutMs,
    idleTimeoutMillis: IDLE_MS,
    keepAlive: true,
    application_name: 'arqonbus-brain',
  });
  // A connection that breaks while nobody uses it; the pool has let go of it, and the next probe tells how things are.
  pool.on('error', () => undefined);
  return pool;
}

/** Runs `work` on a connection of the pool; one on which something failed beyond a refused statement is not used again. */
export async function onConnection<T>(pool: Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  // Without a listener a connection that breaks in the middle would end the process; what waits on it fails anyway.
  const onError = (): void => {
    isBroken = true;
  };
  client.on('error', onError);
  try {
    return await work(sqlOf(client));
  } catch (error) {
    isBroken ||= kindOfFailure(error) === 'connection';
    throw error;
  } finally {
    client.off('error', onError);
    client.release(isBroken);
  }
}

/** One transaction of one tenant; '' = of none. */
export async function inTransaction<T>(sql: Sql, tenant: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  try {
    // Both in one way to the server, which every transaction waits for.
    await sql.query(`BEGIN; ${tenantStatement(tenant)}`);
    const result = await work(sql);
    await sql.query('COMMIT');
    return result;
  } catch (error) {
    // On a broken connection this fails as well, and what came first is what counts.
    if (kindOfFailure(error) !== 'connection') await sql.query('ROLLBACK');
    throw error;
  }
}

function sqlOf(client: PoolClient): Sql {
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row & QueryResultRow>(text, [...values])).rows,
  };
}
