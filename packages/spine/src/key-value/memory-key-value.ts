import { BusError } from '@arqonbus/protocol';
import type { BucketName, KeyValue, KeyValueChange, KeyValueEntry, KeyValueStore, KeyValueWatch } from './key-value.ts';

/**
 * Makes buckets that live as long as the process. Values are copied in; those handed out must not be written to.
 * Watchers are told in microtasks, in the order of the changes; what a watcher throws goes to `onError`.
 */
export function createMemoryKeyValueStore(onError: (error: unknown) => void = () => undefined): KeyValueStore {
  const buckets = new Map<BucketName, KeyValue>();
  return {
    bucket(name) {
      const bucket = buckets.get(name) ?? new MemoryBucket(onError);
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
  readonly #entries = new Map<string, KeyValueEntry>();
  readonly #watchers = new Set<Watcher>();
  readonly #onError: (error: unknown) => void;
  #revision = 0;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#entries.get(key);
  }

  async create(key: string, value: Uint8Array): Promise<number> {
    if (this.#entries.has(key)) throw new BusError('CONFLICT', 'The key exists already.');
    return this.#put(key, value);
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    if (this.#entries.get(key)?.revision !== revision) throw new BusError('CONFLICT');
    return this.#put(key, value);
  }

  async delete(key: string, revision?: number): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (revision !== undefined && entry.revision !== revision) throw new BusError('CONFLICT');
    this.#entries.delete(key);
    this.#tell({ key, value: undefined, revision: ++this.#revision });
  }

  async list(prefix: string): Promise<readonly KeyValueEntry[]> {
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
    const entry: KeyValueEntry = { key, value: new Uint8Array(value), revision };
    this.#entries.set(key, entry);
    this.#tell(entry);
    return revision;
  }

  #tell(change: KeyValueChange): void {
    for (const watcher of this.#watchers) {
      if (change.key.startsWith(watcher.prefix)) watcher.tell(change);
    }
  }
}
