import { JetStreamApiCodes, JetStreamApiError, StorageType, jetstream } from '@nats-io/jetstream';
import type { JetStreamClient } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { KV, KvEntry } from '@nats-io/kv';
import { BusError } from '@arqonbus/protocol';
import type {
  BucketName,
  KeyValue,
  KeyValueChange,
  KeyValueEntry,
  KeyValueStore,
  KeyValueWatch,
} from '../key-value/key-value.ts';
import { BUCKET_TTL_MS } from '../key-value/key-value.ts';
import { listBucket, readBucket } from './bucket-reader.ts';
import type { BucketRead, BucketReadListener } from './bucket-reader.ts';
import { BucketWatch } from './bucket-watch.ts';
import type { SpineSubscription } from '../spine.ts';
import type { NatsSpine } from './nats-spine.ts';

/** What a key-value store on NATS can be given. */
export interface NatsKeyValueOptions {
  /**
   * How to make the buckets that are missing; only services whose user has the right name it (SPN-2). Absent = they
   * exist. `replicas`: 1 for a single server, 3 in a cluster.
   */
  readonly create?: { readonly replicas: number };
  /** The buckets to open; a service's user may not reach others (SPN-2). Default: all. */
  readonly buckets?: readonly BucketName[];
  /** How long one operation may take before it fails with `UNAVAILABLE`. Default 2,000. */
  readonly timeoutMs?: number;
  /** Told what a watcher threw, which entry could not be read (SPN-3), and why a watch could not for the moment. */
  readonly onError?: (error: unknown) => void;
}

/** Every bucket there is. */
export const BUCKETS: readonly BucketName[] = [
  'ARQON_CHANNELS',
  'ARQON_BANS',
  'ARQON_GRANTS',
  'ARQON_BRAINS',
  'ARQON_SETTINGS',
  'ARQON_RESUMES',
  'ARQON_AUDIT',
  'ARQON_CASIL',
  'ARQON_MIRRORS',
  'ARQON_KEYS',
  'ARQON_SCHEMAS',
  'ARQON_POLICIES',
  'ARQON_WEBHOOKS',
  'ARQON_OCCUPIED',
  'ARQON_LOG',
];
const DEFAULT_TIMEOUT_MS = 2_000;
/** The most that NATS keeps. A watcher is told each change of a key as long as it lags behind by fewer than these. */
const HISTORY = 64;

/**
 * Opens the buckets on the Spine's connection; throws `UNAVAILABLE` when one can neither be found nor made. Reads come
 * from the leader of a bucket, so they see every write that was acknowledged before. It ends with the Spine.
 */
export async function createNatsKeyValueStore(
  spine: NatsSpine,
  options: NatsKeyValueOptions = {},
): Promise<KeyValueStore> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, onError = () => undefined } = options;
  const js = jetstream(spine.connection, { timeout: timeoutMs });
  const buckets = new Map<BucketName, KeyValue>();
  for (const name of options.buckets ?? BUCKETS) {
    const kv = await reach(spine, () => openBucket(js, name, options.create));
    buckets.set(name, new NatsBucket(spine, js, name, kv, { timeoutMs, onError }));
  }
  return {
    bucket(name) {
      const bucket = buckets.get(name);
      if (bucket === undefined) throw new Error(`no such bucket: ${name}`);
      return bucket;
    },
  };
}

async function openBucket(js: JetStreamClient, name: BucketName, create: NatsKeyValueOptions['create']): Promise<KV> {
  const kvm = new Kvm(js);
  // Direct reads come from any replica, which may lag; ours come from the leader.
  const common = { allow_direct: false };
  if (create !== undefined) {
    const ttl = BUCKET_TTL_MS[name];
    // Nobody watches what expires: its last state is all that is kept.
    const kept = ttl === undefined ? { history: HISTORY } : { history: 1, ttl };
    return kvm.create(name, { ...common, ...kept, storage: StorageType.File, replicas: create.replicas });
  }
  const kv = await kvm.open(name, common);
  await kv.status();
  return kv;
}

class NatsBucket implements KeyValue {
  readonly #spine: NatsSpine;
  readonly #js: JetStreamClient;
  readonly #name: BucketName;
  readonly #kv: KV;
  readonly #timeoutMs: number;
  readonly #onError: (error: unknown) => void;

  constructor(
    spine: NatsSpine,
    js: JetStreamClient,
    name: BucketName,
    kv: KV,
    options: Required<Pick<NatsKeyValueOptions, 'timeoutMs' | 'onError'>>,
  ) {
    this.#spine = spine;
    this.#js = js;
    this.#name = name;
    this.#kv = kv;
    this.#timeoutMs = options.timeoutMs;
    this.#onError = options.onError;
  }

  async get(key: string): Promise<KeyValueEntry | undefined> {
    assertKey(key);
    // One that is there and cannot be read is a failure, not an absence: what it says must not fail open.
    return reach(this.#spine, async () => {
      const entry = await this.#kv.get(key);
      return isThere(entry) ? { key, value: entry.value, revision: entry.revision } : undefined;
    });
  }

  create(key: string, value: Uint8Array): Promise<number> {
    assertKey(key);
    return reach(this.#spine, () => this.#kv.create(key, value));
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number> {
    assertKey(key);
    // The marker of a deletion has a revision as well, and NATS would take it for the key's.
    const current = await this.get(key);
    if (current?.revision !== revision) throw new BusError('CONFLICT');
    return reach(this.#spine, () => this.#kv.update(key, value, revision));
  }

  async delete(key: string, revision?: number): Promise<void> {
    const current = await this.get(key);
    if (current === undefined) return;
    if (revision !== undefined && current.revision !== revision) throw new BusError('CONFLICT');
    try {
      const previous = revision === undefined ? {} : { previousSeq: revision };
      await reach(this.#spine, () => this.#kv.delete(key, previous));
    } catch (error) {
      // Somebody was faster: a success if it is gone.
      if (error instanceof BusError && error.code === 'CONFLICT' && (await this.get(key)) === undefined) return;
      throw error;
    }
  }

  async list(prefix: string): Promise<readonly KeyValueEntry[]> {
    assertPrefix(prefix);
    return reach(this.#spine, () => listBucket((listener) => this.#read(prefix, listener), this.#timeoutMs));
  }

  watch(prefix: string, onChange: (change: KeyValueChange) => void): KeyValueWatch {
    assertPrefix(prefix);
    const watch = new BucketWatch(this.#spine, (listener) => this.#read(prefix, listener), onChange, this.#onError);
    return watch;
  }

  #read(prefix: string, listener: BucketReadListener): Promise<BucketRead> {
    const { inboxPrefix } = this.#spine;
    const read = { js: this.#js, inboxPrefix, bucket: this.#name, prefix, onError: this.#onError };
    return readBucket(read, listener);
  }
}

/** Runs an operation; every failure becomes a `BusError`: a lost compare-and-set `CONFLICT`, all else `UNAVAILABLE`, at
 * once where the connection is lost: a write may have been done then. */
async function reach<T>(spine: NatsSpine, operate: () => Promise<T>): Promise<T> {
  if (spine.status() !== 'connected') throw new BusError('UNAVAILABLE', 'The key-value store is not connected.');
  let watched: SpineSubscription | undefined;
  // nats.js waits on for an answer that is lost with the connection, and a lease would run out meanwhile.
  const lost = new Promise<never>((_, reject) => {
    watched = spine.onStatus(() => reject(new Error('the connection was lost')));
  });
  try {
    return await Promise.race([operate(), lost]);
  } catch (cause) {
    throw new BusError(isLostRace(cause) ? 'CONFLICT' : 'UNAVAILABLE', undefined, { cause });
  } finally {
    watched?.unsubscribe();
  }
}

function isLostRace(error: unknown): boolean {
  return (
    error instanceof JetStreamApiError &&
    (error.code === JetStreamApiCodes.StreamWrongLastSequence ||
      error.code === JetStreamApiCodes.StreamWrongLastSequenceUnknown)
  );
}

function isThere(entry: KvEntry | null): entry is KvEntry {
  return entry !== null && entry.operation === 'PUT';
}

/** Keys come from the subject module (SPN-1); anything else is a bug of ours. */
function assertKey(key: string): void {
  if (!/^[-/=\w]+(\.[-/=\w]+)*$/.test(key)) throw new Error('not a valid key of a bucket');
}

function assertPrefix(prefix: string): void {
  if (!/^([-/=\w]+(\.[-/=\w]+)*\.?)?$/.test(prefix)) throw new Error('not a valid prefix of keys');
}
