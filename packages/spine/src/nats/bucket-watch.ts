import { BusError } from '@arqonbus/protocol';
import type { KeyValueChange, KeyValueWatch } from '../key-value/key-value.ts';
import type { Spine, SpineSubscription } from '../spine.ts';
import type { BucketRead, StartRead } from './bucket-reader.ts';

/** Pause before a read that failed while connected is tried again. */
const RETRY_MS = 1_000;

/**
 * A watch that outlives connections, and the servers of a cluster (SPN-6). After every reconnect, and where the server dies that told it
 * of changes, it reads everything anew: all entries are told again, and as deleted what it had told and is there no more.
 *
 * `ready` rejects with `UNAVAILABLE` when the first read fails; the watch goes on trying until it is stopped.
 */
export class BucketWatch implements KeyValueWatch {
  readonly ready: Promise<void>;
  readonly #startRead: StartRead;
  readonly #onChange: (change: KeyValueChange) => void;
  readonly #onError: (error: unknown) => void;
  readonly #status: SpineSubscription;
  #settle: { resolve(): void; reject(error: BusError): void } | undefined;
  /** Keys told as existing, with their revisions. */
  readonly #told = new Map<string, number>();
  /** Counts the reads; what an older one still says is ignored. */
  #reads = 0;
  #read: BucketRead | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isCurrent = false;

  constructor(
    spine: Spine,
    startRead: StartRead,
    onChange: (change: KeyValueChange) => void,
    onError: (error: unknown) => void,
  ) {
    this.#startRead = startRead;
    this.#onChange = onChange;
    this.#onError = onError;
    this.ready = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever does not wait for it is told by `onError`.
    this.ready.catch(() => undefined);
    this.#status = spine.onStatus((status) => {
      if (status === 'connected') void this.#start(spine);
      else if (status === 'closed') this.stop();
      else this.#abandon();
    });
    void this.#start(spine);
  }

  isCurrent(): boolean {
    return this.#isCurrent;
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#status.unsubscribe();
    this.#abandon();
    this.#fail(new BusError('UNAVAILABLE', 'The watch was stopped.'));
  }

  #abandon(): void {
    this.#reads++;
    this.#isCurrent = false;
    clearTimeout(this.#retry);
    this.#read?.stop();
    this.#read = undefined;
  }

  async #start(spine: Spine): Promise<void> {
    this.#abandon();
    const number = this.#reads;
    const isCurrent = (): boolean => number === this.#reads && !this.#isStopped;
    const seen = new Set<string>();
    let isReady = false;
    try {
      const read = await this.#startRead({
        onChange: (change) => {
          if (!isCurrent()) return;
          if (!isReady) seen.add(change.key);
          this.#tell(change);
        },
        onReady: () => {
          isReady = true;
          if (isCurrent()) this.#finishRead(seen);
        },
        onLost: (cause) => {
          if (!isCurrent()) return;
          this.#onError(cause);
          void this.#start(spine);
        },
      });
      if (isCurrent()) this.#read = read;
      else read.stop();
    } catch (cause) {
      if (!isCurrent()) return;
      this.#onError(cause);
      this.#fail(new BusError('UNAVAILABLE', undefined, { cause }));
      this.#retry = setTimeout(() => void this.#start(spine), RETRY_MS);
    }
  }

  #finishRead(seen: ReadonlySet<string>): void {
    for (const [key, revision] of this.#told) {
      if (!seen.has(key)) this.#tell({ key, value: undefined, revision });
    }
    this.#isCurrent = true;
    this.#settle?.resolve();
    this.#settle = undefined;
  }

  #fail(error: BusError): void {
    this.#settle?.reject(error);
    this.#settle = undefined;
  }

  /** A deletion is told only of a key that was told before. */
  #tell(change: KeyValueChange): void {
    if (change.value === undefined && !this.#told.delete(change.key)) return;
    if (change.value !== undefined) this.#told.set(change.key, change.revision);
    try {
      this.#onChange(change);
    } catch (error) {
      this.#onError(error);
    }
  }
}
