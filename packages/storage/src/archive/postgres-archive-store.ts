import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { setTenant } from '../postgres/set-tenant.ts';
import type { LogAddress } from '../valkey/log/log-keys.ts';
import type { EntryPage, PageRange } from '../valkey/log/log-store.ts';
import type { ArchiveBatch, ArchivePosition, ArchiveStore, ArchivedChannel } from './archive-store.ts';
import { archivedEpochs } from './archived-epochs.ts';
import { eraseRows } from './erase-rows.ts';
import { chainKey, gapSeqAfter, linkPublications } from './link-publications.ts';
import type { LinkedPublication } from './link-publications.ts';

/** Rows of one page at most. */
const PAGE_ROWS = 500;

/** The archive in Postgres, one partition a day. The tenants of a batch are added in one transaction with its position. */
export function createPostgresArchiveStore(database: Pick<Database, 'withTenant'>): ArchiveStore {
  const days = new Set<string>();
  return {
    position: (source, incarnation) =>
      database.withTenant(SYSTEM_TENANT, async (sql) => {
        const key = [SYSTEM_TENANT, source, incarnation];
        await sql.query(NEW_POSITION, key);
        const [row] = await sql.query<PositionRow>(`SELECT ${POSITION} FROM arqon.archive_positions ${OF_SOURCE}`, key);
        return row === undefined ? NOWHERE : positionOf(row);
      }),
    add: async (batch) => {
      const wanted = new Set(batch.publications.map(({ timestampMs }) => dayOf(timestampMs)));
      const missing = [...wanted].filter((day) => !days.has(day));
      const position = await database.withTenant(SYSTEM_TENANT, (sql) => add(sql, batch, missing));
      for (const day of missing) days.add(day);
      return position;
    },
    readPage: (address, epoch, range) =>
      database.withTenant(address.tenant, (sql) => readPage(sql, address, epoch, range)),
    channels: (tenant, room, limit) =>
      database.withTenant(tenant, (sql) => sql.query<ArchivedChannel>(CHANNELS, [tenant, room, limit])),
    epochs: (address, limit) => database.withTenant(address.tenant, (sql) => archivedEpochs(sql, address, limit)),
    erase: async (tenant, what, limit) => {
      // First, and under the lock of who adds: what it has read before may be added no more.
      await database.withTenant(SYSTEM_TENANT, (sql) =>
        sql.query('UPDATE arqon.archive_positions SET revision = revision + 1 WHERE tenant_id = $1', [SYSTEM_TENANT]),
      );
      return database.withTenant(tenant, (sql) => eraseRows(sql, tenant, what, limit));
    },
    expire: async (beforeMs) => {
      const day = dayOf(beforeMs);
      const [row] = await database.withTenant(SYSTEM_TENANT, (sql) =>
        sql.query<{ readonly dropped: number }>('SELECT arqon.drop_archive_days($1::date) AS dropped', [day]),
      );
      for (const known of days) if (known < day) days.delete(known);
      return row?.dropped ?? 0;
    },
  };
}

interface PositionRow {
  readonly seq: string;
  readonly gap_seq: string;
  readonly revision: string;
}

const NOWHERE: ArchivePosition = { seq: 0, gapSeq: 0, revision: 0 };
const POSITION = 'seq::text AS seq, gap_seq::text AS gap_seq, revision::text AS revision';
const NEW_POSITION = `INSERT INTO arqon.archive_positions (tenant_id, source, incarnation, seq, gap_seq, revision)
  VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT DO NOTHING`;
const OF_SOURCE = 'WHERE tenant_id = $1 AND source = $2 AND incarnation = $3';

function positionOf({ seq, gap_seq: gapSeq, revision }: PositionRow): ArchivePosition {
  return { seq: Number(seq), gapSeq: Number(gapSeq), revision: Number(revision) };
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 'YYYY-MM-DD'.length);
}

async function add(sql: Sql, batch: ArchiveBatch, newDays: readonly string[]): Promise<ArchivePosition> {
  const { source, incarnation, from, endSeq, publications } = batch;
  const [moved] = await sql.query<PositionRow>(
    `INSERT INTO arqon.archive_positions AS p (tenant_id, source, incarnation, seq, gap_seq, revision)
     VALUES ($1, $2, $3, $4, $5, $6 + 1)
     ON CONFLICT (tenant_id, source, incarnation) DO UPDATE
       SET seq = $4, gap_seq = $5, revision = p.revision + 1 WHERE p.revision = $6
     RETURNING ${POSITION.replaceAll(/(seq|gap_seq|revision)::/g, 'p.$1::')}`,
    [SYSTEM_TENANT, source, incarnation, endSeq, gapSeqAfter(batch), from.revision],
  );
  if (moved === undefined) throw new BusError('CONFLICT', 'Somebody else has copied this part of the log.');
  for (const day of newDays) await sql.query('SELECT arqon.make_archive_day($1::date)', [day]);
  const tenants = [...new Set(publications.map(({ address }) => address.tenant))].toSorted();
  for (const tenant of tenants) {
    await setTenant(sql, tenant);
    const own = publications.filter(({ address }) => address.tenant === tenant);
    const lastSeqs = await lastSeqsOf(sql, tenant, own);
    await insert(sql, tenant, linkPublications({ ...batch, publications: own }, lastSeqs));
  }
  return positionOf(moved);
}

/** The last archived sequence of each channel of these publications, as far as there is one. */
async function lastSeqsOf(
  sql: Sql,
  tenant: TenantId,
  publications: ArchiveBatch['publications'],
): Promise<ReadonlyMap<string, number>> {
  const byKey = new Map(publications.map((publication) => [chainKey(publication), publication]));
  const chains = [...byKey.values()];
  const rows = await sql.query<{ readonly n: string; readonly seq: string | null }>(
    `SELECT n::text AS n, (
       SELECT max(seq) FROM arqon.archive a
       WHERE a.tenant_id = $1 AND a.room = k.room AND a.channel = k.channel AND a.epoch = k.epoch AND a.seq < k.seq
     )::text AS seq
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY AS k (room, channel, epoch, seq, n)`,
    [
      tenant,
      chains.map(({ address }) => address.room),
      chains.map(({ address }) => address.channel),
      chains.map(({ epoch }) => epoch),
      chains.map((chain) => publications.find((one) => chainKey(one) === chainKey(chain))?.seq ?? 0),
    ],
  );
  const found = new Map<string, number>();
  for (const { n, seq } of rows) {
    const chain = chains[Number(n) - 1];
    if (chain !== undefined && seq !== null) found.set(chainKey(chain), Number(seq));
  }
  return found;
}

async function insert(sql: Sql, tenant: TenantId, publications: readonly LinkedPublication[]): Promise<void> {
  await sql.query(
    `INSERT INTO arqon.archive (tenant_id, room, channel, epoch, seq, prev_seq, at, author, data)
     SELECT $1, room, channel, epoch, seq, prev_seq, to_timestamp(at_ms / 1000.0), author, decode(data, 'hex')
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[], $9::text[])
       AS added (room, channel, epoch, seq, prev_seq, at_ms, author, data)
     ON CONFLICT DO NOTHING`,
    [
      tenant,
      publications.map(({ address }) => address.room),
      publications.map(({ address }) => address.channel),
      publications.map(({ epoch }) => epoch),
      publications.map(({ seq }) => seq),
      publications.map(({ prevSeq }) => prevSeq),
      publications.map(({ timestampMs }) => timestampMs),
      publications.map(({ user }) => user),
      publications.map(({ data }) => Buffer.from(data).toString('hex')),
    ],
  );
}

interface EntryRow {
  readonly seq: string;
  readonly prev_seq: string;
  readonly at_ms: string;
  readonly data: Uint8Array;
  /** Rows of the page before it was cut by bytes. */
  readonly found: string;
}

async function readPage(
  sql: Sql,
  { tenant, room, channel }: LogAddress,
  epoch: string,
  range: PageRange,
): Promise<EntryPage> {
  const { afterSeq = 0, beforeSeq = 0, sinceMs = 0, untilMs = 0, isNewestFirst, limit, maxBytes } = range;
  const order = isNewestFirst ? 'DESC' : 'ASC';
  const rows = Math.min(limit, PAGE_ROWS);
  const found = await sql.query<EntryRow>(
    `SELECT seq::text AS seq, prev_seq::text AS prev_seq, at_ms::text AS at_ms, data, found::text AS found FROM (
       SELECT *, count(*) OVER () AS found, sum(octet_length(data)) OVER (ORDER BY page.seq ${order}) - octet_length(data) AS before
       FROM (
         SELECT a.seq, a.prev_seq, round(extract(epoch FROM a.at) * 1000)::bigint AS at_ms, a.data FROM arqon.archive a
         WHERE a.tenant_id = $1 AND a.room = $2 AND a.channel = $3 AND a.epoch = $4
           AND a.seq > $5 AND ($6::bigint = 0 OR a.seq < $6)
           AND ($7::bigint = 0 OR a.at >= to_timestamp($7 / 1000.0)) AND ($8::bigint = 0 OR a.at < to_timestamp($8 / 1000.0))
         ORDER BY a.seq ${order} LIMIT $9
       ) page
     ) cut WHERE before < $10 ORDER BY cut.seq ${order}`,
    [tenant, room, channel, epoch, afterSeq, beforeSeq, sinceMs, untilMs, rows, maxBytes],
  );
  const entries = found.map(({ seq, prev_seq: prevSeq, at_ms: atMs, data }) => ({
    seq: Number(seq),
    prevSeq: Number(prevSeq),
    timestampMs: Number(atMs),
    data,
  }));
  const isCut = found.length < Number(found[0]?.found ?? 0) || found.length === rows;
  return { entries, nextSeq: isCut ? (entries.at(-1)?.seq ?? 0) : 0 };
}

/** From one channel to the next by the key, however much each holds. */
const CHANNELS = `
  WITH RECURSIVE held AS (
    (SELECT channel, epoch FROM arqon.archive WHERE tenant_id = $1 AND room = $2 ORDER BY channel, epoch LIMIT 1)
    UNION ALL
    SELECT next.channel, next.epoch FROM held, LATERAL (
      SELECT a.channel, a.epoch FROM arqon.archive a
      WHERE a.tenant_id = $1 AND a.room = $2 AND (a.channel, a.epoch) > (held.channel, held.epoch)
      ORDER BY a.channel, a.epoch LIMIT 1
    ) next
  )
  SELECT channel, epoch FROM held LIMIT $3`;
