import type { TenantId } from '@arqonbus/protocol';
import { BusError } from '@arqonbus/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database, Sql } from '../database.ts';

const acme = 'acme' as TenantId;
const globex = 'globex' as TenantId;

const TABLES = [
  'tenants',
  'grants',
  'grant_sets',
  'audit_records',
  'archive',
  'archive_positions',
  'cron_jobs',
  'cron_runs',
  'cron_due',
  'store_tenants',
  'store_entries',
  'store_expiries',
  'continuum_tenants',
  'continuum_episodes',
  'continuum_events',
  'continuum_dead_letters',
];

/** An engine inside this process takes long on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;

/** What every {@link Database} does, with the tables of the bus in it (ARC-7). */
export function describeDatabase(name: string, open: () => Promise<Database>): void {
  describe(`Database: ${name}`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await open();
    }, OPEN_TIMEOUT_MS);
    afterAll(() => database.close());

    const put = (sql: Sql, tenant: string, subject: string): Promise<readonly object[]> =>
      sql.query('INSERT INTO arqon.grant_sets (tenant_id, subject, version) VALUES ($1, $2, 1)', [tenant, subject]);
    const subjects = async (tenant: TenantId): Promise<readonly string[]> => {
      const rows = await database.withTenant(tenant, (sql) =>
        sql.query<{ subject: string }>('SELECT subject FROM arqon.grant_sets ORDER BY subject'),
      );
      return rows.map(({ subject }) => subject);
    };

    it('[BRN-2] [PRD-4] T-12 T-13: shows each tenant its own rows, whatever a statement asks for', async () => {
      await database.withTenant(acme, (sql) => put(sql, 'acme', 'user:ärger \u{1f680}'));
      await database.withTenant(globex, (sql) => put(sql, 'globex', "user:o'hara; DROP TABLE arqon.grants --"));
      expect(await subjects(acme)).toEqual(['user:ärger \u{1f680}']);
      expect(await subjects(globex)).toEqual(["user:o'hara; DROP TABLE arqon.grants --"]);
      const stolen = await database.withTenant(globex, (sql) =>
        sql.query("UPDATE arqon.grant_sets SET version = 9 WHERE tenant_id = 'acme' RETURNING subject"),
      );
      expect(stolen).toEqual([]);
      const deleted = await database.withTenant(globex, (sql) =>
        sql.query("DELETE FROM arqon.grant_sets WHERE tenant_id = 'acme' RETURNING subject"),
      );
      expect(deleted).toEqual([]);
      expect(await subjects(acme)).toHaveLength(1);
    });

    it('[BRN-2] [PRD-4] lets no tenant write rows of another', async () => {
      await expect(database.withTenant(acme, (sql) => put(sql, 'globex', 'user:mallory'))).rejects.toMatchObject({
        code: '42501',
      });
      const moved = database.withTenant(acme, (sql) => sql.query("UPDATE arqon.grant_sets SET tenant_id = 'globex'"));
      await expect(moved).rejects.toMatchObject({ code: '42501' });
    });

    it('[BRN-2] T-13: shows nothing but the list of tenants where there is no tenant', async () => {
      const name = `t-${Date.now()}` as TenantId;
      await database.withTenant(name, async (sql) => {
        await sql.query('INSERT INTO arqon.tenants VALUES ($1)', [name]);
        await put(sql, name, 'user:a');
      });
      const { tenants, sets } = await database.withoutTenant(async (sql) => ({
        tenants: await sql.query<{ tenant_id: string }>('SELECT tenant_id FROM arqon.tenants'),
        sets: await sql.query('SELECT * FROM arqon.grant_sets'),
      }));
      expect(tenants.map((row) => row.tenant_id)).toContain(name);
      expect(sets).toEqual([]);
      await expect(database.withoutTenant((sql) => put(sql, '', 'user:a'))).rejects.toMatchObject({ code: '42501' });
    });

    it('[BRN-2] T-13: leaves no tenant behind on a connection that is used again', async () => {
      await database.withTenant(acme, (sql) => put(sql, 'acme', 'user:first'));
      const left = await database.withoutTenant((sql) => sql.query('SELECT arqon.current_tenant() AS tenant'));
      expect(left).toEqual([{ tenant: null }]);
    });

    it('[BRN-2] takes back everything of a transaction that throws, and tells what was thrown', async () => {
      const failing = database.withTenant(acme, async (sql) => {
        await put(sql, 'acme', 'user:undone');
        throw new BusError('VALIDATION_ERROR', 'no');
      });
      await expect(failing).rejects.toMatchObject({ code: 'VALIDATION_ERROR', message: 'no' });
      expect(await subjects(acme)).not.toContain('user:undone');
    });

    it('[PRD-3] tells a race as CONFLICT', async () => {
      await database.withTenant(acme, (sql) => put(sql, 'acme', 'user:twice'));
      const again = database.withTenant(acme, (sql) => put(sql, 'acme', 'user:twice'));
      await expect(again).rejects.toMatchObject({ name: 'BusError', code: 'CONFLICT' });
    });

    it('[BRN-2] holds every table to row-level security, forced, with the tenant first in its key', async () => {
      const rows = await database.withoutTenant((sql) =>
        sql.query<{ name: string; safe: boolean; first: string }>(`
          SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS safe,
                 (SELECT attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = i.indkey[0]) AS first
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
          WHERE n.nspname = 'arqon' AND c.relkind IN ('r', 'p') AND c.relname <> 'schema_version'`),
      );
      expect(rows.map((row) => row.name)).toEqual(expect.arrayContaining(TABLES));
      expect(rows.filter(({ safe, first }) => !safe || first !== 'tenant_id')).toEqual([]);
    });

    it('[BRN-2] connects as a role that owns nothing and cannot see past row-level security', async () => {
      const [row] = await database.withoutTenant((sql) =>
        sql.query(`
          SELECT r.rolsuper OR r.rolbypassrls AS above,
                 (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS owned
          FROM pg_roles r WHERE r.rolname = current_user`),
      );
      expect(row).toEqual({ above: false, owned: 0 });
      const change = database.withoutTenant((sql) => sql.query('ALTER TABLE arqon.grants NO FORCE ROW LEVEL SECURITY'));
      await expect(change).rejects.toMatchObject({ code: '42501' });
    });
  });
}
