import type { BucketName, KeyValue, KeyValueChange, KeyValueStore, KeyValueWatch } from '@arqonbus/spine';
import type { HubLink } from './hub-link.ts';

const TIMEOUT_MS = 2_000;

/** The buckets as one process sees them: those of the hub, at the other end of a link. */
export function createLinkedKeyValue(link: HubLink): KeyValueStore {
  return { bucket: (name) => createBucket(link, name) };
}

function createBucket(link: HubLink, name: BucketName): KeyValue {
  const bucket = link.hub.keyValue.bucket(name);
  return {
    get: (key) => link.ask(() => bucket.get(key), TIMEOUT_MS),
    create: (key, value) => link.ask(() => bucket.create(key, value), TIMEOUT_MS),
    update: (key, value, revision) => link.ask(() => bucket.update(key, value, revision), TIMEOUT_MS),
    delete: (key, revision) => link.ask(() => bucket.delete(key, revision), TIMEOUT_MS),
    list: (prefix) => link.ask(() => bucket.list(prefix), TIMEOUT_MS),
    watch: (prefix, onChange) => new LinkedWatch(link, bucket, prefix, onChange),
  };
}

/** A watch that reads everything again on every new connection; it tells what is gone since, too. */
class LinkedWatch implements KeyValueWatch {
  readonly ready: Promise<void>;
  readonly #link: HubLink;
  readonly #bucket: KeyValue;
  readonly #prefix: string;
  readonly #onChange: (change: KeyValueChange) => void;
  readonly #known = new Set<string>();
  #resolveReady: () => void = () => undefined;
  #atHub: KeyValueWatch | undefined;
  #isCurrent = false;
  #isStopped = false;

  constructor(link: HubLink, bucket: KeyValue, prefix: string, onChange: (change: KeyValueChange) => void) {
    this.#link = link;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#onChange = onChange;
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve;
    });
    link.listen({
      onCut: () => {
        this.#isCurrent = false;
        this.#atHub?.stop();
      },
      onRestored: () => link.tell(() => this.#start()),
    });
    this.#start();
  }

  isCurrent(): boolean {
    return this.#isCurrent && !this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
    this.#link.up(() => this.#atHub?.stop());
  }

  #start(): void {
    if (this.#isStopped) return;
    const told = new Set<string>();
    this.#link.up(() => {
      this.#atHub = this.#bucket.watch(this.#prefix, (change) => this.#link.down(() => this.#tell(change, told)));
      void this.#atHub.ready.then(() => this.#link.down(() => this.#finish(told)));
    });
  }

  #tell(change: KeyValueChange, told: Set<string>): void {
    if (this.#isStopped) return;
    told.add(change.key);
    if (change.value === undefined) this.#known.delete(change.key);
    else this.#known.add(change.key);
    this.#onChange(change);
  }

  #finish(told: ReadonlySet<string>): void {
    for (const key of this.#known) {
      if (!told.has(key)) this.#tell({ key, value: undefined, revision: 0 }, new Set());
    }
    this.#isCurrent = true;
    this.#resolveReady();
  }
}
