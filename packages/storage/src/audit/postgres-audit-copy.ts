import type { Database, Sql } from '../database.ts';
import type { AuditCopy, CopiedPlace } from './audit-copy.ts';

const PLACE = 'seq::text AS seq, hash, position::text AS position';

interface PlaceRow {
  readonly seq: string;
  readonly hash: string;
  readonly position: string;
}

/** The copy in Postgres, in which the role of Brains may change and remove nothing. */
export function createPostgresAuditCopy(database: Pick<Database, 'withTenant'>): AuditCopy {
  return {
    add: (tenant, records) =>
      database.withTenant(tenant, async (sql) => {
        await sql.query(
          `INSERT INTO arqon.audit_records (tenant_id, seq, position, hash, at, record)
           SELECT $1, seq, position, hash, to_timestamp(at_ms / 1000.0), decode(record, 'hex')
           FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
             AS added (seq, position, hash, at_ms, record)
           ON CONFLICT DO NOTHING`,
          [
            tenant,
            records.map(({ seq }) => seq),
            records.map(({ position }) => position),
            records.map(({ hash }) => hash),
            records.map(({ atMs }) => atMs),
            records.map(({ data }) => Buffer.from(data).toString('hex')),
          ],
        );
      }),
    last: (tenant) =>
      database.withTenant(tenant, async (sql) => {
        const [last] = await places(
          sql,
          `SELECT ${PLACE} FROM arqon.audit_records ORDER BY audit_records.seq DESC LIMIT 1`,
        );
        return last;
      }),
    after: (tenant, seq, limit) =>
      database.withTenant(tenant, (sql) =>
        places(
          sql,
          `SELECT ${PLACE} FROM arqon.audit_records
           WHERE audit_records.seq > $1 ORDER BY audit_records.seq LIMIT $2`,
          [seq, limit],
        ),
      ),
  };
}

async function places(sql: Sql, text: string, values: readonly unknown[] = []): Promise<readonly CopiedPlace[]> {
  const rows = await sql.query<PlaceRow>(text, values);
  return rows.map(({ seq, hash, position }) => ({ seq: Number(seq), hash, position: Number(position) }));
}
