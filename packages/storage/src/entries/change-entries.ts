import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { Sql } from '../database.ts';
import { checkQuota, usageOf } from './check-quota.ts';
import { COLUMNS, IS_LIVE, entryOf } from './entry-row.ts';
import type { EntryRow } from './entry-row.ts';
import { placeId } from './entry-store.ts';
import type { EntryLimits, EntryOutcome, EntryPlace, StoredEntry } from './entry-store.ts';
import { holdTenant, writeTenant } from './held-tenant.ts';
import type { HeldTenant } from './held-tenant.ts';

/** What is to be there after a change; a value that is undefined = nothing. */
export interface NewValue {
  readonly value: string | undefined;
  /** From now; undefined = for good. */
  readonly ttlMs: number | 'unchanged' | undefined;
}

/** How one place is changed. */
export interface EntryChange extends EntryPlace {
  /** Absent = a change that only takes away. */
  readonly limits?: EntryLimits;
  /** Told what is there now; gives what is to be there, or why nothing is changed. Throws a `BusError` for what it refuses. */
  readonly decide: (known: StoredEntry | undefined) => NewValue | 'conflict' | 'absent';
}

/** What lies in a place, or has expired there and counts until it is removed. */
interface Known {
  readonly entry: StoredEntry;
  readonly isLive: boolean;
}

/**
 * Changes places inside a transaction, one after the other, as if each came alone: each has the outcome of its own, or what it is
 * refused with.
 */
export async function changeEntries(
  sql: Sql,
  tenant: TenantId,
  changes: readonly EntryChange[],
): Promise<readonly (EntryOutcome | BusError)[]> {
  const { nowMs, ...held } = await holdTenant(sql, tenant);
  const known = await readPlaces(sql, tenant, changes);
  const changed = new Map<string, StoredEntry>();
  let current: HeldTenant = held;
  const outcomes = changes.map((change): EntryOutcome | BusError => {
    const id = placeId(change);
    try {
      const outcome = decideOne(change, known.get(id), current, nowMs);
      if (outcome.kind !== 'changed') return outcome;
      const { entry, tenant: after } = outcome;
      known.set(id, { entry, isLive: entry.value !== undefined });
      changed.set(id, entry);
      current = after;
      return { kind: 'changed', entry };
    } catch (error) {
      if (error instanceof BusError) return error;
      throw error;
    }
  });
  if (changed.size > 0) await writeChanges(sql, tenant, [...changed.values()], held, current);
  return outcomes;
}

type Decision =
  | Exclude<EntryOutcome, { readonly kind: 'changed' }>
  | { readonly kind: 'changed'; readonly entry: StoredEntry; readonly tenant: HeldTenant };

function decideOne(
  { namespace, key, limits, decide }: EntryChange,
  place: Known | undefined,
  held: HeldTenant,
  nowMs: number,
): Decision {
  const known = place?.isLive === true ? place.entry : undefined;
  const wish = decide(known);
  if (wish === 'conflict') return { kind: 'conflict', version: known?.version ?? 0 };
  if (wish === 'absent') return { kind: 'absent' };
  const { value, ttlMs } = wish;
  const [before, after] = [usageOf(place?.entry), usageOf({ namespace, key, value })];
  const usage = { keys: held.keys + after.keys - before.keys, bytes: held.bytes + after.bytes - before.bytes };
  if (limits !== undefined) checkQuota(held, usage, limits);
  const version = held.version + 1;
  const untilMs = ttlMs === undefined || ttlMs === 'unchanged' ? undefined : nowMs + ttlMs;
  const expiresAtMs = ttlMs === 'unchanged' ? known?.expiresAtMs : untilMs;
  return { kind: 'changed', entry: { namespace, key, version, value, expiresAtMs }, tenant: { ...usage, version } };
}

async function readPlaces(sql: Sql, tenant: TenantId, places: readonly EntryPlace[]): Promise<Map<string, Known>> {
  const rows = await sql.query<EntryRow & { readonly live: boolean }>(
    `SELECT ${COLUMNS}, ${IS_LIVE} AS live FROM arqon.store_entries
     WHERE tenant_id = $1 AND (namespace, key) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
    [tenant, places.map(({ namespace }) => namespace), places.map(({ key }) => key)],
  );
  return new Map(rows.map((row) => [placeId(row), { entry: entryOf(row), isLive: row.live }]));
}

async function writeChanges(
  sql: Sql,
  tenant: TenantId,
  entries: readonly StoredEntry[],
  before: HeldTenant,
  after: HeldTenant,
): Promise<void> {
  const column = <Name extends keyof StoredEntry>(name: Name): readonly (StoredEntry[Name] | null)[] =>
    entries.map((entry) => entry[name] ?? null);
  await sql.query(
    `INSERT INTO arqon.store_entries (tenant_id, namespace, key, version, value, expires_at)
     SELECT $1, namespace, key, version, value, to_timestamp(expires_at_ms / 1000)
     FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::float8[])
       AS entry (namespace, key, version, value, expires_at_ms)
     ON CONFLICT (tenant_id, namespace, key) DO UPDATE
     SET version = EXCLUDED.version, value = EXCLUDED.value, expires_at = EXCLUDED.expires_at`,
    [tenant, column('namespace'), column('key'), column('version'), column('value'), column('expiresAtMs')],
  );
  await writeTenant(sql, tenant, before, after);
  const firstMs = Math.min(...entries.map(({ expiresAtMs = Infinity }) => expiresAtMs));
  if (Number.isFinite(firstMs)) await noteExpiry(sql, tenant, firstMs);
}

/** Tells those who look for all tenants when something is over. */
async function noteExpiry(sql: Sql, tenant: TenantId, atMs: number): Promise<void> {
  await sql.query(
    `INSERT INTO arqon.store_expiries (tenant_id, at) VALUES ($1, to_timestamp($2::float8 / 1000))
     ON CONFLICT (tenant_id) DO UPDATE SET at = least(arqon.store_expiries.at, EXCLUDED.at)`,
    [tenant, atMs],
  );
}
