import { BusError } from '@arqonbus/protocol';
import { BUCKET_TTL_MS } from './key-value.ts';
import type { BucketName, KeyValue, KeyValueChange, KeyValueEntry, KeyValueStore, KeyValueWatch } from './key-value.ts';

/**
 * Makes buckets that live as long as the process. Values are copied in; those handed out must not be written to.
 * Watchers are told in microtasks, in the order of the changes; what a watcher throws goes to `onError`.
 */
export function createMemoryKeyValueStore(
  onError: (error: unknown) => void = () => undefined,
  now: () => number = Date.now,
): KeyValueStore {
  const buckets = new Map<BucketName, KeyValue>();
  return {
    bucket(name) {
      const ttlMs = BUCKET_TTL_MS[name] ?? Number.POSITIVE_INFINITY;
      const bucket = buckets.get(name) ?? new MemoryBucket(onError, now, ttlMs);
      buckets.set(name, bucket);
      return bucket;
    },
  };
}

interface Watcher {
  readonly prefix: string;
  readonly tell: (change: KeyValueChange) => void;
}

class MemoryBucket implements KeyValue {
  /** In the order in which they were written. */
  readonly #entries = new Map<string, KeyValueEntry>();
  readonly #writtenAtMs = new Map<string, number>();
  readonly #now: () => number;
  readonly #ttlMs: number;
  readonly #watchers = new Set<Watcher>();
  readonly #onError: (error: unknown) => void;
  #revision = 0;

  constructor(onError: (error: unknown) => void, now: () => number, ttlMs: number) {
    this.#onError = onError;
    this.#now = now;
    this.#ttlMs = ttlMs;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    this.#expire();
    return this.#entries.get(key);
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    this.#expire();
    if (this.#entries.has(key)) throw new BusError('CONFLICT', 'The key exists already.');
    return this.#put(key, value);
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    this.#expire();
    if (this.#entries.get(key)?.revision !== revision) throw new BusError('CONFLICT');
    return this.#put(key, value);
  }

  async delete(key: string, revision?: number): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (revision !== undefined && entry.revision !== revision) throw new BusError('CONFLICT');
    this.#forget(key);
    this.#tell({ key, value: undefined, revision: ++this.#revision });
  }

  async list(prefix: string): Promise<readonly KeyValueEntry[]> {
    this.#expire();
    const found = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix));
    return found.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  watch(prefix: string, onChange: (change: KeyValueChange) => void): KeyValueWatch {
    const existing = [...this.#entries.values()].filter((entry) => entry.key.startsWith(prefix));
    // One chain per watcher keeps its order, also between the entries of the start and the changes after it.
    let told = Promise.resolve();
    const tell = (change: KeyValueChange): void => {
      told = told
        .then(() => {
          if (this.#watchers.has(watcher)) onChange(change);
        })
        .catch(this.#onError);
    };
    const watcher: Watcher = { prefix, tell };
    this.#watchers.add(watcher);
    for (const entry of existing) tell(entry);
    let isReady = false;
    const ready = told.then(() => void (isReady = true));
    return {
      ready,
      isCurrent: () => isReady && this.#watchers.has(watcher),
      stop: () => void this.#watchers.delete(watcher),
    };
  }

  #put(key: string, value: Uint8Array): number {
    const revision = ++this.#revision;
    const entry = { key, value: new Uint8Array(value), revision };
    this.#forget(key);
    this.#writtenAtMs.set(key, this.#now());
    this.#entries.set(key, entry);
    this.#tell(entry);
    return revision;
  }

  /** Costs what has expired since the last time. */
  #expire(): void {
    const oldestMs = this.#now() - this.#ttlMs;
    for (const [key, writtenAtMs] of this.#writtenAtMs) {
      if (writtenAtMs > oldestMs) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#entries.delete(key);
    this.#writtenAtMs.delete(key);
  }

  #tell(change: KeyValueChange): void {
    for (const watcher of this.#watchers) {
      if (change.key.startsWith(watcher.prefix)) watcher.tell(change);
    }
  }
}
