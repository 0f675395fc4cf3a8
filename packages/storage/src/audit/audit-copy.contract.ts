import type { TenantId } from '@arqonbus/protocol';
import { SYSTEM_TENANT } from '@arqonbus/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../database.ts';
import type { AuditCopy, CopiedRecord } from './audit-copy.ts';
import { createPostgresAuditCopy } from './postgres-audit-copy.ts';

/** Postgres as WebAssembly takes seconds to start, and many on a busy machine. */
const OPEN_TIMEOUT_MS = 90_000;

/** What every copy of the audit trail does (ARC-7). */
export function describeAuditCopy(name: string, open: () => Promise<Database>): void {
  describe(`AuditCopy: ${name}`, () => {
    let database: Database;
    let copy: AuditCopy;
    let tenants = 0;
    beforeAll(async () => {
      database = await open();
      copy = createPostgresAuditCopy(database);
    }, OPEN_TIMEOUT_MS);
    afterAll(() => database.close());

    const nextTenant = (): TenantId => `audited.${++tenants}` as TenantId;
    const record = (seq: number, hash = `hash-${seq}`): CopiedRecord => ({
      seq,
      hash,
      position: seq * 7,
      atMs: 1_750_000_000_250 + seq,
      data: Uint8Array.of(0, 255, seq),
    });
    const place = (seq: number) => ({ seq, hash: `hash-${seq}`, position: seq * 7 });

    it('[AUD-1] keeps what was added, once however often it is added, and as it was first', async () => {
      const tenant = nextTenant();
      expect(await copy.last(tenant)).toBeUndefined();
      await copy.add(tenant, [record(1), record(2), record(3)]);
      await copy.add(tenant, [record(2, 'forged'), record(3), record(4)]);
      expect(await copy.last(tenant)).toEqual(place(4));
      expect(await copy.after(tenant, 0, 10)).toEqual([1, 2, 3, 4].map(place));
      expect(await copy.after(tenant, 2, 1)).toEqual([place(3)]);
      const rows = await database.withTenant(tenant, (sql) =>
        sql.query<{ record: string; at: string }>(
          `SELECT encode(record, 'hex') AS record, to_char(at AT TIME ZONE 'UTC', 'MS') AS at
           FROM arqon.audit_records WHERE seq = 2`,
        ),
      );
      expect(rows).toEqual([{ record: '00ff02', at: '252' }]);
    });

    it('[AUD-1] lets nobody change or remove a record', async () => {
      const tenant = nextTenant();
      await copy.add(tenant, [record(1)]);
      for (const attack of [
        "UPDATE arqon.audit_records SET hash = 'forged'",
        'DELETE FROM arqon.audit_records',
        'TRUNCATE arqon.audit_records',
      ]) {
        const tried = database.withTenant(tenant, (sql) => sql.query(attack));
        await expect(tried).rejects.toMatchObject({ code: '42501' });
      }
      expect(await copy.last(tenant)).toEqual(place(1));
    });

    it('[PRD-4] [BRN-2] keeps the chains of tenants and of the platform apart', async () => {
      const [one, other] = [nextTenant(), nextTenant()];
      await copy.add(one, [record(1)]);
      await copy.add(SYSTEM_TENANT, [record(1), record(2)]);
      expect(await copy.last(other)).toBeUndefined();
      expect([await copy.last(one), await copy.last(SYSTEM_TENANT)]).toEqual([place(1), place(2)]);
    });
  });
}
