/** A stored value and the revision that wrote it. */
export interface KeyValueEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of the bucket; names this state of the key for compare-and-set. */
  readonly revision: number;
}

/** A change that a watcher is told; `value` undefined = deleted. */
export interface KeyValueChange {
  readonly key: string;
  readonly value: Uint8Array | undefined;
  readonly revision: number;
}

/** A running watch. */
export interface KeyValueWatch {
  /** Resolves when every entry that existed at the start has been told. */
  readonly ready: Promise<void>;
  /** True while what was told is what the bucket holds: not before `ready`, nor between a loss and the next read of all (SPN-6). */
  isCurrent(): boolean;
  stop(): void;
}

/**
 * One bucket of small replicated values: configuration, channel registry, bans (SPN-6). Keys are built by the subject
 * module. Failed I/O is a `BusError` `UNAVAILABLE`; a lost compare-and-set is `CONFLICT`.
 */
export interface KeyValue {
  get(key: string): Promise<KeyValueEntry | undefined>;
  /** Writes a key that must not exist; gives its revision. */
  create(key: string, value: Uint8Array): Promise<number>;
  /** Writes a key that must still be at `revision`; gives the new one. */
  update(key: string, value: Uint8Array, revision: number): Promise<number>;
  /** Removes a key, if it is still at `revision` where one is named. Removing a missing key is a success. */
  delete(key: string, revision?: number): Promise<void>;
  /** Entries whose key begins with `prefix`, by key. */
  list(prefix: string): Promise<readonly KeyValueEntry[]>;
  /** Tells all entries under `prefix`, then every change, in order. */
  watch(prefix: string, onChange: (change: KeyValueChange) => void): KeyValueWatch;
}

/** Opens buckets by name. */
export interface KeyValueStore {
  bucket(name: BucketName): KeyValue;
}

/** The buckets there are. */
export type BucketName =
  | 'ARQON_CHANNELS'
  | 'ARQON_BANS'
  | 'ARQON_GRANTS'
  | 'ARQON_BRAINS'
  | 'ARQON_SETTINGS'
  | 'ARQON_RESUMES'
  | 'ARQON_AUDIT'
  | 'ARQON_CASIL'
  | 'ARQON_MIRRORS'
  | 'ARQON_KEYS'
  | 'ARQON_SCHEMAS'
  | 'ARQON_POLICIES'
  | 'ARQON_WEBHOOKS'
  | 'ARQON_OCCUPIED'
  | 'ARQON_LOG';

/**
 * Buckets whose entries go by themselves so long after they were written; watchers are not told. Resumes: longer than a
 * connection lives (4 h ± 10 %) and may be resumed afterwards.
 */
export const BUCKET_TTL_MS: Readonly<Partial<Record<BucketName, number>>> = { ARQON_RESUMES: 16_200_000 };
