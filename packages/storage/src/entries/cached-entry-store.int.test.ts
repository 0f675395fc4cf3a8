import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { shippedValkeyUsers, startValkeyServer, waitUntil } from '@arqonbus/testkit';
import type { ValkeyServer } from '@arqonbus/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMigratedDatabase } from '../contract/test-database.ts';
import { createValkeyLink } from '../valkey/valkey-link.ts';
import type { ValkeyLink } from '../valkey/valkey-link.ts';
import { createCachedEntryStore } from './cached-entry-store.ts';
import type { CacheRead } from './cached-entry-store.ts';
import type { EntryCache } from './entry-cache.ts';
import { describeEntryStore } from './entry-store.contract.ts';
import type { EntryOutcome, EntryPlace, EntryStore, StoredEntry } from './entry-store.ts';
import { makeOlder } from './make-older.ts';
import { createMemoryEntryStore } from './memory-entry-store.ts';
import { createPostgresEntryStore } from './postgres-entry-store.ts';
import { createValkeyEntryCache } from './valkey-entry-cache.ts';

const { users, user, password } = shippedValkeyUsers();
const LIMITS = { keys: 1_000, bytes: 10_000_000 };
let server: ValkeyServer;
let link: ValkeyLink;
let cache: EntryCache;
let leases = 0;
let tenants = 0;

const nextLease = (): string => `lease-${(leases += 1)}`;

beforeAll(async () => {
  server = await startValkeyServer({ users });
  link = createValkeyLink({ urls: [server.url], isCluster: false, user, password, ca: '', timeoutMs: 5_000 });
  cache = createValkeyEntryCache(link);
  await waitUntil(() => link.isUsable(), { what: 'Valkey' });
});

afterAll(async () => {
  await link.close();
  await server.stop();
});

describeEntryStore('Postgres behind Valkey', async () => {
  const database = await createMigratedDatabase();
  const store = createPostgresEntryStore(database);
  return {
    store: createCachedEntryStore({ store, cache: lateCache(), nextLease, now: Date.now }),
    pass: (tenant, ms) => makeOlder(database, tenant, ms),
    close: () => database.close(),
  };
});

/** The cache that is opened before the first test. */
function lateCache(): EntryCache {
  return {
    look: (...args) => cache.look(...args),
    fill: (...args) => cache.fill(...args),
    begin: (...args) => cache.begin(...args),
    finish: (...args) => cache.finish(...args),
  };
}

describe('a cache before the store', () => {
  const place: EntryPlace = { namespace: 'default', key: 'leader: ä' };
  let tenant: TenantId;
  let truth: EntryStore;
  let reads: CacheRead[];
  let cached: EntryStore;
  /** Runs once, before the next read or after the next change of the truth. */
  let between: { afterRead?: () => Promise<unknown>; afterChange?: () => Promise<unknown> };
  let isDown: boolean;

  beforeEach(() => {
    tenant = `cached-${(tenants += 1)}` as TenantId;
    const memory = createMemoryEntryStore(Date.now);
    [truth, reads, between, isDown] = [memory, [], {}, false];
    const check = (): void => {
      if (isDown) throw new BusError('UNAVAILABLE');
    };
    const take = async (name: 'afterRead' | 'afterChange'): Promise<void> => {
      const run = between[name];
      delete between[name];
      await run?.();
    };
    const stepped: EntryStore = {
      ...memory,
      get: async (...args) => {
        check();
        const entry = await memory.get(...args);
        await take('afterRead');
        return entry;
      },
      put: async (...args) => {
        check();
        const outcome = await memory.put(...args);
        await take('afterChange');
        return outcome;
      },
    };
    cached = createCachedEntryStore({
      store: stepped,
      cache,
      nextLease,
      now: Date.now,
      onRead: (read) => reads.push(read),
    });
  });

  const put = (value: string, more: { readonly ttlMs?: number } = {}): Promise<EntryOutcome> =>
    cached.put(tenant, { ...place, value, ttlMs: undefined, ifVersion: undefined, ...more }, LIMITS);
  const get = (): Promise<StoredEntry | undefined> => cached.get(tenant, place);
  /** Reads until the cache has it: filling in is waited for by nobody. */
  const warm = async (): Promise<void> => {
    await expect.poll(async () => (await get()) && reads.at(-1), { interval: 5 }).toBe('hit');
  };

  it('[STO-1] gives what was read before without asking the store, until it is changed', async () => {
    await put('1');
    await warm();
    isDown = true;
    expect(await get()).toMatchObject({ value: '1', version: 1 });
    isDown = false;
    await put('2');
    expect(await get()).toMatchObject({ value: '2', version: 2 });
    await cached.remove(tenant, { ...place, ifVersion: undefined });
    expect(await get()).toBeUndefined();
  });

  it('[STO-1] never takes what was read before a change that has been made since', async () => {
    await put('1');
    between.afterRead = () => put('2');
    expect(await get()).toMatchObject({ value: '1' });
    for (let round = 0; round < 3; round += 1) expect(await get()).toMatchObject({ value: '2' });
  });

  it('[STO-1] [BRN-1] asks the store while a change is under way, and where its maker has died', async () => {
    await put('1');
    await warm();
    between.afterChange = async () => {
      expect(await get()).toMatchObject({ value: '2' });
      expect(reads.at(-1)).toBe('miss');
      throw new BusError('UNAVAILABLE');
    };
    await expect(put('2')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    for (let round = 0; round < 3; round += 1) expect(await get()).toMatchObject({ value: '2' });
    expect(reads.slice(-3)).toEqual(['miss', 'miss', 'miss']);
  });

  it('[STO-1] counts changes that overlap: the end of one is not that of another', async () => {
    await put('1');
    await cache.begin(tenant, place);
    await put('2');
    await truth.put(tenant, { ...place, value: '3', ttlMs: undefined, ifVersion: undefined }, LIMITS);
    expect(await get()).toMatchObject({ value: '3' });
    expect(await get()).toMatchObject({ value: '3' });
    await cache.finish(tenant, place);
    await warm();
    expect(await get()).toMatchObject({ value: '3' });
  });

  it('[STO-1] keeps no copy of what expires soon', async () => {
    await put('1', { ttlMs: 60_000 });
    for (let round = 0; round < 3; round += 1) await get();
    expect(reads).toEqual(['miss', 'miss', 'miss']);
    await put('2', { ttlMs: 7_200_000 });
    await warm();
    expect((await get())?.expiresAtMs).toBeTypeOf('number');
  });

  it('[STO-1] [PRD-3] shows nobody anything older than what was acknowledged, however reads and changes mix', async () => {
    let acknowledged = 0;
    const stale: string[] = [];
    const writer = async (): Promise<void> => {
      for (let n = 0; n < 40; n += 1) {
        const outcome = await put(String(n));
        if (outcome.kind === 'changed') acknowledged = Math.max(acknowledged, outcome.entry.version);
      }
    };
    const reader = async (): Promise<void> => {
      for (let n = 0; n < 80; n += 1) {
        const least = acknowledged;
        const version = (await get())?.version ?? 0;
        if (version < least) stale.push(`${version} after ${least}`);
      }
    };
    await Promise.all([writer(), writer(), reader(), reader(), reader()]);
    expect(stale).toEqual([]);
    expect(acknowledged).toBe(80);
  });

  it('[STO-1] [ARC-5] without it reads come from the store, and changes wait', async () => {
    await put('1');
    const away: EntryCache['begin'] = () => Promise.reject(new BusError('TIMEOUT'));
    const broken = createCachedEntryStore({
      store: truth,
      cache: { look: away, fill: away, begin: away, finish: away } as never,
      nextLease,
      now: Date.now,
      onRead: (read) => reads.push(read),
    });
    expect(await broken.get(tenant, place)).toMatchObject({ value: '1' });
    expect(reads.at(-1)).toBe('bypassed');
    const wish = { ...place, value: '2', ttlMs: undefined, ifVersion: undefined };
    await expect(broken.put(tenant, wish, LIMITS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await truth.get(tenant, place)).toMatchObject({ value: '1' });
  });
});
