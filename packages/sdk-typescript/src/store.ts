import type { CommandArgs } from '@arqonbus/protocol';
import type { ArqonClient } from './arqon-client.ts';
import type { Clock } from './clock.ts';
import { StoreWatches } from './store-watches.ts';
import type { StoreWatch, StoreWatchOptions, WatchedKeys } from './store-watches.ts';

/** A value as the store has it. */
export interface StoredValue {
  /** A JSON value; what wrote it need not be yours, so check it as you would any input. */
  readonly value: unknown;
  /** The number of its last change: what `ifVersion` compares with. */
  readonly version: number;
  /** Absent = it does not expire. */
  readonly expiresAt?: Date;
}

/** A key of a list. */
export type StoredKey = Omit<StoredValue, 'value'> & { readonly key: string };

/** How a value is kept. */
export interface StoreSetOptions {
  /** It is gone after so long. */
  readonly ttlSeconds?: number;
  /** Only where this is the version in force; 0 = there must be none. Else `CONFLICT`, with `details.version`. */
  readonly ifVersion?: number;
}

/** The values that the tenant keeps (STO-1), of one namespace. Rejections are BusErrors; who hears `TIMEOUT` does not know. */
export interface ClientStore {
  readonly namespace: string;
  /** Another part of the store. */
  in(namespace: string): ClientStore;
  /** Undefined = there is none. */
  get(key: string): Promise<StoredValue | undefined>;
  /** Keeps a JSON value, and gives its version. */
  set(key: string, value: unknown, options?: StoreSetOptions): Promise<number>;
  /** False = there was none. */
  delete(key: string, options?: { readonly ifVersion?: number }): Promise<boolean>;
  /** Adds to an integer in one step, from 0 where there is none. */
  increment(key: string, by?: number): Promise<{ readonly value: number; readonly version: number }>;
  /** The keys with a prefix, in the order of their bytes, page by page as they are consumed. */
  list(prefix?: string, options?: { readonly pageSize?: number }): AsyncIterable<StoredKey>;
  /**
   * Tells the changes of a key, or of all with a prefix, from now on or after a version. It goes on after each reconnect, where it
   * tells first what has changed meanwhile.
   */
  watch(keys: WatchedKeys, options?: StoreWatchOptions): Promise<StoreWatch>;
}

const DEFAULT_NAMESPACE = 'default';

/** The store by way of this client. */
export function createClientStore(client: Pick<ArqonClient, 'command' | 'on'>, clock: Clock): ClientStore {
  return storeIn(client, new StoreWatches(client, clock), DEFAULT_NAMESPACE);
}

function storeIn(client: Pick<ArqonClient, 'command'>, watches: StoreWatches, namespace: string): ClientStore {
  const condition = (ifVersion: number | undefined): { readonly if_version?: number } =>
    ifVersion === undefined ? {} : { if_version: ifVersion };
  return {
    namespace,
    in: (other) => storeIn(client, watches, other),
    get: async (key) => {
      const { found, value, version = 0, ...rest } = await client.command('op.store.get', { namespace, key });
      return found ? { value, version, ...expiryOf(rest) } : undefined;
    },
    set: async (key, value, { ttlSeconds, ifVersion } = {}) => {
      const ttl = ttlSeconds === undefined ? {} : { ttl_seconds: ttlSeconds };
      return (await client.command('op.store.set', { namespace, key, value, ...ttl, ...condition(ifVersion) })).version;
    },
    delete: async (key, { ifVersion } = {}) =>
      (await client.command('op.store.delete', { namespace, key, ...condition(ifVersion) })).deleted,
    increment: (key, by = 1) => client.command('op.store.increment', { namespace, key, by }),
    list: (prefix = '', { pageSize } = {}) =>
      listKeys(client, { namespace, prefix, ...(pageSize === undefined ? {} : { limit: pageSize }) }),
    watch: (keys, options = {}) => watches.watch(namespace, keys, options),
  };
}

async function* listKeys(
  client: Pick<ArqonClient, 'command'>,
  args: CommandArgs<'op.store.list'>,
): AsyncGenerator<StoredKey, void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await client.command('op.store.list', cursor === undefined ? args : { ...args, cursor });
    for (const { key, version, ...rest } of page.items) yield { key, version, ...expiryOf(rest) };
    cursor = page.cursor;
  } while (cursor !== undefined);
}

function expiryOf({ expires_at: at }: { readonly expires_at?: string }): { readonly expiresAt?: Date } {
  return at === undefined ? {} : { expiresAt: new Date(at) };
}
