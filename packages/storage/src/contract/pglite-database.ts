import { PGlite } from '@electric-sql/pglite';
import type { Database, Sql } from '../database.ts';
import { migrate } from '../postgres/migrate.ts';
import { setTenant } from '../postgres/set-tenant.ts';
import { toBusError } from '../postgres/failure.ts';

/** A database that suites share one after the other. */
export interface PgliteDatabase extends Database {
  /** Takes every row out of every table. */
  empty(): Promise<void>;
}

/**
 * Postgres as WebAssembly in this process, with our tables. It knows one user, who is an administrator and sees past
 * row-level security, so every transaction becomes the role of Brains first (QLT-6).
 */
export async function createPgliteDatabase(): Promise<PgliteDatabase> {
  const engine = await PGlite.create();
  await engine.exec('CREATE ROLE arqon_brain');
  await migrate({ exec: async (text) => (await engine.exec(text)).at(-1)?.rows as object[] });
  const transact = async <T>(tenant: string, work: (sql: Sql) => Promise<T>): Promise<T> => {
    try {
      return await engine.transaction(async (transaction) => {
        const sql: Sql = {
          query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
            (await transaction.query<Row>(text, [...values])).rows,
        };
        await sql.query('SET LOCAL ROLE arqon_brain');
        await setTenant(sql, tenant);
        return work(sql);
      });
    } catch (error) {
      throw toBusError(error);
    }
  };
  return {
    withTenant: transact,
    withoutTenant: (work) => transact('', work),
    empty: async () => {
      await engine.exec(EMPTY);
    },
    status: () => 'ok',
    close: async () => {
      if (!engine.closed) await engine.close();
    },
  };
}

const EMPTY = `DO $$ BEGIN
  EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('%I.%I', schemaname, tablename), ', ')
    FROM pg_tables WHERE schemaname = 'arqon' AND tablename <> 'schema_version');
END $$`;
