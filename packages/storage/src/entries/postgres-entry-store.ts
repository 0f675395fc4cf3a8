import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Database, Sql } from '../database.ts';
import { GatheredCalls } from '../gathered-calls.ts';
import { changeEntries } from './change-entries.ts';
import type { EntryChange } from './change-entries.ts';
import { floorOf } from './entry-store.ts';
import type { EntryChanges, EntryOutcome, EntryStore } from './entry-store.ts';
import { COLUMNS, IS_LIVE, entryOf } from './entry-row.ts';
import type { EntryRow } from './entry-row.ts';
import { incrementValue } from './increment-value.ts';
import { removeExpired } from './remove-expired.ts';

/** No key is longer, so none that begins with a prefix comes after the prefix and this. */
const LAST_OF_PREFIX = '\u{10ffff}'.repeat(256);

const IN_NAMESPACE = 'namespace = $2 AND key > $3';

/** What tenants keep in Postgres, whose clock says what has expired: it is one for all Brains. */
export function createPostgresEntryStore(database: Database): EntryStore {
  return { ...createReads(database), ...createChanges(database) };
}

type Reads = Pick<EntryStore, 'get' | 'list' | 'changesAfter' | 'due'>;

function createReads(database: Database): Reads {
  return {
    get: (tenant, { namespace, key }) =>
      database.withTenant(tenant, async (sql) => {
        const [row] = await sql.query<EntryRow>(
          `SELECT ${COLUMNS} FROM arqon.store_entries
           WHERE tenant_id = $1 AND namespace = $2 AND key = $3 AND ${IS_LIVE}`,
          [tenant, namespace, key],
        );
        return row && entryOf(row);
      }),
    list: (tenant, query) =>
      database.withTenant(tenant, async (sql) => {
        const { namespace, prefix, after, limit } = query;
        const rows = await sql.query<EntryRow>(
          `SELECT ${COLUMNS} FROM arqon.store_entries
           WHERE tenant_id = $1 AND ${namespace === undefined ? '(namespace, key) > ($2, $3)' : IN_NAMESPACE}
             AND key >= $4 AND key <= $5 AND ${IS_LIVE}
           ORDER BY namespace, key LIMIT $6`,
          [tenant, namespace ?? after.namespace, after.key, prefix, `${prefix}${LAST_OF_PREFIX}`, limit],
        );
        return rows.map(entryOf);
      }),
    changesAfter: (tenant, after, limit) =>
      database.withTenant(tenant, (sql) => changesAfter(sql, tenant, after, limit)),
    due: () =>
      database.withoutTenant(async (sql) => {
        const rows = await sql.query<{ readonly tenant_id: string }>(
          'SELECT tenant_id FROM arqon.store_expiries WHERE at <= clock_timestamp() ORDER BY at LIMIT 1000',
        );
        return rows.map((row) => row.tenant_id as TenantId);
      }),
  };
}

/** Changes of one transaction; with values of the largest size that is 3 MiB. */
const MAX_CHANGED = 50;
const MAX_WAITING = 500;

function createChanges(database: Database): Omit<EntryStore, keyof Reads> {
  // A tenant's changes wait for one another anyway: a transaction for each took as long as five ways to the server.
  const calls = new GatheredCalls<TenantId, EntryChange, EntryOutcome | BusError>({
    run: (tenant, changes) => database.withTenant(tenant, (sql) => changeEntries(sql, tenant, changes)),
    maxItems: MAX_CHANGED,
    maxWaiting: MAX_WAITING,
  });
  const change = async (tenant: TenantId, wish: EntryChange): Promise<EntryOutcome> => {
    const outcome = await calls.call(tenant, wish);
    if (outcome instanceof BusError) throw outcome;
    return outcome;
  };
  return {
    put: (tenant, { ifVersion, ttlMs, value, ...place }, limits) =>
      change(tenant, {
        ...place,
        limits,
        decide: (known) =>
          ifVersion === undefined || ifVersion === (known?.version ?? 0) ? { value, ttlMs } : 'conflict',
      }),
    increment: (tenant, { by, ...place }, limits) =>
      change(tenant, {
        ...place,
        limits,
        decide: (known) => ({ value: incrementValue(known?.value, by), ttlMs: 'unchanged' }),
      }),
    remove: (tenant, { ifVersion, ...place }) =>
      change(tenant, {
        ...place,
        decide: (known) => {
          if (ifVersion !== undefined && ifVersion !== (known?.version ?? 0)) return 'conflict';
          return known === undefined ? 'absent' : { value: undefined, ttlMs: undefined };
        },
      }),
    removeExpired: (tenant, limit) => database.withTenant(tenant, (sql) => removeExpired(sql, tenant, limit)),
  };
}

async function changesAfter(sql: Sql, tenant: TenantId, after: number, limit: number): Promise<EntryChanges> {
  // The number first: a change between the two statements is told, and the number tells that there may be more.
  const [row] = await sql.query<{ readonly version: string | number }>(
    'SELECT version FROM arqon.store_tenants WHERE tenant_id = $1',
    [tenant],
  );
  const version = Number(row?.version ?? 0);
  const rows = await sql.query<EntryRow>(
    `SELECT ${COLUMNS} FROM arqon.store_entries WHERE tenant_id = $1 AND version > $2 ORDER BY version LIMIT $3`,
    [tenant, after, limit],
  );
  const newest = rows.at(-1);
  return {
    version: newest === undefined ? version : Math.max(version, Number(newest.version)),
    floor: floorOf(version),
    entries: rows.map(entryOf),
  };
}
