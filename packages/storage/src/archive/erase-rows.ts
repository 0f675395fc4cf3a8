import type { EraseFilter, TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { chainKey, predecessorsWithout } from './link-publications.ts';
import type { ErasedLink } from './link-publications.ts';

interface ErasedRow {
  readonly room: string;
  readonly channel: string;
  readonly epoch: string;
  readonly seq: string;
  readonly prev_seq: string;
}

/** Deletes up to so many publications of the archive, and links what follows to what is before; gives how many. */
export async function eraseRows(sql: Sql, tenant: TenantId, what: EraseFilter, limit: number): Promise<number> {
  const { room = null, channel = null, user = null, beforeMs = null } = what;
  const rows = await sql.query<ErasedRow>(DELETE, [tenant, room, channel, user, beforeMs, limit]);
  const erased = rows.map((row) => ({ row, link: linkOf(tenant, row) }));
  const roots = predecessorsWithout(erased.map(({ link }) => link));
  if (rows.length === 0) return 0;
  await sql.query(RELINK, [
    tenant,
    rows.map((row) => row.room),
    rows.map((row) => row.channel),
    rows.map((row) => row.epoch),
    rows.map((row) => row.seq),
    erased.map(({ link }) => roots.get(link) ?? link.prevSeq),
  ]);
  return rows.length;
}

function linkOf(tenant: TenantId, { room, channel, epoch, seq, prev_seq: prevSeq }: ErasedRow): ErasedLink {
  return { chain: chainKey({ address: { tenant, room, channel }, epoch }), seq: Number(seq), prevSeq: Number(prevSeq) };
}

const DELETE = `
  DELETE FROM arqon.archive a USING (
    SELECT room, channel, epoch, seq, at FROM arqon.archive
    WHERE tenant_id = $1 AND ($2::text IS NULL OR room = $2) AND ($3::text IS NULL OR channel = $3)
      AND ($4::text IS NULL OR author = $4) AND ($5::bigint IS NULL OR at < to_timestamp($5 / 1000.0))
    LIMIT $6
  ) gone
  WHERE a.tenant_id = $1 AND a.room = gone.room AND a.channel = gone.channel AND a.epoch = gone.epoch
    AND a.seq = gone.seq AND a.at = gone.at
  RETURNING a.room, a.channel, a.epoch, a.seq::text AS seq, a.prev_seq::text AS prev_seq`;

/** A Brain may add and delete rows, and change none: what follows is written again. */
const RELINK = `
  WITH gone AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
      AS gone (room, channel, epoch, seq, prev_seq)
  ), moved AS (
    DELETE FROM arqon.archive a USING gone
    WHERE a.tenant_id = $1 AND a.room = gone.room AND a.channel = gone.channel AND a.epoch = gone.epoch
      AND a.prev_seq = gone.seq AND a.seq = (
        SELECT min(n.seq) FROM arqon.archive n
        WHERE n.tenant_id = $1 AND n.room = gone.room AND n.channel = gone.channel AND n.epoch = gone.epoch AND n.seq > gone.seq
      )
    RETURNING a.*, gone.prev_seq AS root
  )
  INSERT INTO arqon.archive (tenant_id, room, channel, epoch, seq, prev_seq, at, author, data)
  SELECT tenant_id, room, channel, epoch, seq, root, at, author, data FROM moved`;
