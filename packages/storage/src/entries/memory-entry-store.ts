import type { TenantId } from '@arqonbus/protocol';
import { checkQuota, usageOf } from './check-quota.ts';
import type { EntryUsage } from './check-quota.ts';
import { FORGET_EVERY, floorOf, placeId } from './entry-store.ts';
import type {
  EntryChanges,
  EntryLimits,
  EntryOutcome,
  EntryPlace,
  EntryQuery,
  EntryStore,
  EntryWish,
  StoredEntry,
} from './entry-store.ts';
import { incrementValue } from './increment-value.ts';

/** What tenants keep, in the memory of this process: for development, and gone with it. `now` is wall time in ms. */
export function createMemoryEntryStore(now: () => number): EntryStore {
  const tenants = new Map<TenantId, TenantEntries>();
  const of = (tenant: TenantId): TenantEntries => {
    const known = tenants.get(tenant) ?? new TenantEntries(now);
    tenants.set(tenant, known);
    return known;
  };
  return {
    get: async (tenant, place) => of(tenant).live(place),
    list: async (tenant, query) => of(tenant).list(query),
    put: async (tenant, wish, limits) => of(tenant).put(wish, limits),
    increment: async (tenant, { by, ...place }, limits) => of(tenant).increment(place, by, limits),
    remove: async (tenant, { ifVersion, ...place }) => of(tenant).remove(place, ifVersion),
    changesAfter: async (tenant, version, limit) => of(tenant).changesAfter(version, limit),
    due: async () => [...tenants].filter(([, entries]) => entries.expired().length > 0).map(([tenant]) => tenant),
    removeExpired: async (tenant, limit) => of(tenant).removeExpired(limit),
  };
}

class TenantEntries {
  readonly #now: () => number;
  /** Deletions too, until they are forgotten; in the order of their last change. */
  readonly #entries = new Map<string, StoredEntry>();
  #version = 0;
  #usage: EntryUsage = { keys: 0, bytes: 0 };

  constructor(now: () => number) {
    this.#now = now;
  }

  live(place: EntryPlace): StoredEntry | undefined {
    const entry = this.#entries.get(placeId(place));
    return entry?.value === undefined || this.#isOver(entry) ? undefined : entry;
  }

  list({ namespace, prefix, after, limit }: EntryQuery): readonly StoredEntry[] {
    const start = { namespace: namespace ?? after.namespace, key: after.key };
    return [...this.#entries.values()]
      .filter((entry) => entry.namespace === (namespace ?? entry.namespace) && entry.key.startsWith(prefix))
      .filter((entry) => this.live(entry) !== undefined && comparePlaces(entry, start) > 0)
      .toSorted(comparePlaces)
      .slice(0, limit);
  }

  put({ ifVersion, ttlMs, ...wish }: EntryWish, limits: EntryLimits): EntryOutcome {
    const version = this.live(wish)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) return { kind: 'conflict', version };
    const expiresAtMs = ttlMs === undefined ? undefined : this.#now() + ttlMs;
    return this.#change({ ...wish, expiresAtMs }, limits);
  }

  increment(place: EntryPlace, by: number, limits: EntryLimits): EntryOutcome {
    const known = this.live(place);
    return this.#change({ ...place, value: incrementValue(known?.value, by), expiresAtMs: known?.expiresAtMs }, limits);
  }

  remove(place: EntryPlace, ifVersion: number | undefined): EntryOutcome {
    const version = this.live(place)?.version ?? 0;
    if (ifVersion !== undefined && ifVersion !== version) return { kind: 'conflict', version };
    return version === 0 ? { kind: 'absent' } : this.#change({ ...place, value: undefined, expiresAtMs: undefined });
  }

  changesAfter(version: number, limit: number): EntryChanges {
    const entries = [...this.#entries.values()].filter((entry) => entry.version > version);
    return { version: this.#version, floor: floorOf(this.#version), entries: entries.slice(0, limit) };
  }

  expired(): readonly StoredEntry[] {
    return [...this.#entries.values()].filter((entry) => this.#isOver(entry));
  }

  removeExpired(limit: number): readonly StoredEntry[] {
    const gone = this.expired().slice(0, limit);
    return gone.map(({ namespace, key }) => {
      const change = { namespace, key, value: undefined, expiresAtMs: undefined };
      return this.#change(change).entry;
    });
  }

  #isOver({ expiresAtMs = Number.POSITIVE_INFINITY }: StoredEntry): boolean {
    return expiresAtMs <= this.#now();
  }

  #change(wish: Omit<StoredEntry, 'version'>, limits?: EntryLimits): Extract<EntryOutcome, { kind: 'changed' }> {
    const id = placeId(wish);
    const before = usageOf(this.#entries.get(id));
    const after = usageOf(wish);
    const usage = {
      keys: this.#usage.keys + after.keys - before.keys,
      bytes: this.#usage.bytes + after.bytes - before.bytes,
    };
    if (limits !== undefined) checkQuota(this.#usage, usage, limits);
    this.#version += 1;
    this.#usage = usage;
    const entry = { ...wish, version: this.#version };
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    if (this.#version % FORGET_EVERY === 0) this.#forget();
    return { kind: 'changed', entry };
  }

  #forget(): void {
    const floor = floorOf(this.#version);
    for (const [id, { value, version }] of this.#entries) {
      if (value === undefined && version <= floor) this.#entries.delete(id);
    }
  }
}

function comparePlaces(a: EntryPlace, b: EntryPlace): number {
  const ofNamespaces = compareTexts(a.namespace, b.namespace);
  return ofNamespaces === 0 ? compareTexts(a.key, b.key) : ofNamespaces;
}

function compareTexts(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
