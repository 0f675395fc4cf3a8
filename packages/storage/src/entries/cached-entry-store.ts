import { BusError } from '@arqonbus/protocol';
import type { ErrorCode, TenantId } from '@arqonbus/protocol';
import type { EntryCache } from './entry-cache.ts';
import type { EntryOutcome, EntryPlace, EntryStore, StoredEntry } from './entry-store.ts';

/** How a read went: out of the cache, past it, or past it because it cannot be used. */
export type CacheRead = 'hit' | 'miss' | 'bypassed';

/** What caching needs from around it. */
export interface CachedEntryStoreOptions {
  readonly store: EntryStore;
  readonly cache: EntryCache;
  /** Another text each time. */
  readonly nextLease: () => string;
  /** Wall time, ms. */
  readonly now: () => number;
  readonly onRead?: (read: CacheRead) => void;
}

/** What expires sooner is always read from the store, whose clock says when: ours may differ by less than this. */
const MIN_LEFT_MS = 3_600_000;

/** After these nothing was changed, or the change is over; after any other failure it may still be made. */
const SETTLED: ReadonlySet<ErrorCode> = new Set(['CONFLICT', 'QUOTA_EXCEEDED', 'VALIDATION_ERROR']);

/**
 * A store with a cache before it. Reads go on from either where the other is down; changes need both, since a change that
 * the cache did not hear of would be hidden by what it holds (STO-1).
 */
export function createCachedEntryStore(options: CachedEntryStoreOptions): EntryStore {
  const { store, cache } = options;
  const changing = async (
    tenant: TenantId,
    place: EntryPlace,
    change: () => Promise<EntryOutcome>,
  ): Promise<EntryOutcome> => {
    await unlessAway(cache.begin(tenant, place));
    try {
      const outcome = await change();
      void finish(cache, tenant, place);
      return outcome;
    } catch (error) {
      if (error instanceof BusError && SETTLED.has(error.code)) void finish(cache, tenant, place);
      throw error;
    }
  };
  return {
    ...store,
    get: (tenant, place) => readThrough(tenant, place, options),
    put: (tenant, wish, limits) => changing(tenant, wish, () => store.put(tenant, wish, limits)),
    increment: (tenant, wish, limits) => changing(tenant, wish, () => store.increment(tenant, wish, limits)),
    remove: (tenant, wish) => changing(tenant, wish, () => store.remove(tenant, wish)),
  };
}

async function readThrough(
  tenant: TenantId,
  place: EntryPlace,
  { store, cache, nextLease, now, onRead }: CachedEntryStoreOptions,
): Promise<StoredEntry | undefined> {
  const lease = nextLease();
  const look = await cache.look(tenant, place, lease).catch(() => undefined);
  onRead?.(look === undefined ? 'bypassed' : look.kind === 'found' ? 'hit' : 'miss');
  if (look?.kind === 'found') return look.entry;
  const entry = await store.get(tenant, place);
  const leftMs = (entry?.expiresAtMs ?? Number.POSITIVE_INFINITY) - now();
  if (entry !== undefined && look?.kind === 'empty' && leftMs > MIN_LEFT_MS) {
    // Without it the next one reads the store as well.
    void cache.fill(tenant, entry, lease).catch(() => undefined);
  }
  return entry;
}

/** Where it fails the mark stays until it is over: reads ask the store until then. */
async function finish(cache: EntryCache, tenant: TenantId, place: EntryPlace): Promise<void> {
  await cache.finish(tenant, place).catch(() => undefined);
}

async function unlessAway(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (cause) {
    throw new BusError('UNAVAILABLE', undefined, { cause });
  }
}
