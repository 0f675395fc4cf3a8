import { BusError } from '@arqonbus/protocol';
import type { FeedPage, LogFeed } from '@arqonbus/spine';
import type { ArchivePosition, ArchiveStore } from '@arqonbus/storage';

/** Told of what is copied, for the metrics. */
export interface ArchiveMetrics {
  copied(publications: number): void;
  /** So many sequences were gone before they could be copied. */
  missing(sequences: number): void;
  /** A source could not be copied on. */
  failed(): void;
  /** The archive has given up so many days. */
  expired(days: number): void;
}

/** What copying needs. */
export interface ArchiverOptions {
  readonly feed: LogFeed;
  readonly store: Pick<ArchiveStore, 'position' | 'add' | 'expire'>;
  /** Days that are kept; 0 = all. Read each time. */
  readonly retentionDays: () => number;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly metrics?: ArchiveMetrics | undefined;
  /** Told once while it lasts, not at every try. */
  readonly onError: (error: unknown) => void;
}

/** What is not archived yet. */
export interface ArchiveLag {
  readonly archiveLagMessages: number;
  /** For how long there has been something. */
  readonly archiveLagSeconds: number;
}

const BATCH = { limit: 500, maxBytes: 1_048_576 };
/** Of one source in one run, so that a source with much to copy holds no other up. */
const MAX_BATCHES = 20;
const EXPIRE_EVERY_MS = 600_000;
const DAY_MS = 86_400_000;

interface Place {
  readonly incarnation: string;
  readonly position: ArchivePosition;
}

/**
 * Copies the log to the archive (LOG-15). One Brain does it at a time, by the lease of the ring; two that believe to be the
 * one do no harm, since the position moves by compare-and-set together with what is added. What cannot be copied now stays
 * in the log and is copied later, as long as the log keeps it.
 */
export class Archiver {
  readonly #options: ArchiverOptions;
  readonly #places = new Map<string, Place>();
  readonly #lags = new Map<string, number>();
  #isOwner = false;
  #behindSinceMs: number | undefined;
  #expiredMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(options: ArchiverOptions) {
    this.#options = options;
  }

  /** Whether this Brain is the one that copies from now on. */
  own(isOwner: boolean): void {
    if (this.#isOwner === isOwner) return;
    this.#isOwner = isOwner;
    this.#places.clear();
    this.#lags.clear();
    this.#behindSinceMs = undefined;
    this.#expiredMs = Number.NEGATIVE_INFINITY;
  }

  /** Copies what has come; who calls while it does waits for that. Never rejects. */
  async tick(): Promise<void> {
    if (!this.#isOwner) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    await this.#running;
  }

  lag(): ArchiveLag {
    const sinceMs = this.#behindSinceMs;
    const archiveLagSeconds = sinceMs === undefined ? 0 : (this.#options.monotonicMs() - sinceMs) / 1_000;
    let archiveLagMessages = 0;
    for (const lag of this.#lags.values()) archiveLagMessages += lag;
    return { archiveLagMessages, archiveLagSeconds };
  }

  async #run(): Promise<void> {
    const { feed, metrics, monotonicMs, onError } = this.#options;
    let isDone = true;
    for (const source of feed.sources()) {
      try {
        if (!(await this.#copy(source))) isDone = false;
      } catch (error) {
        isDone = false;
        if (error instanceof BusError && error.code === 'CONFLICT') {
          // Somebody else has copied, or an answer was lost: the position is read the next time.
          this.#places.delete(source);
          continue;
        }
        metrics?.failed();
        if (this.#behindSinceMs === undefined) onError(error);
      }
    }
    if (isDone) this.#behindSinceMs = undefined;
    else this.#behindSinceMs ??= monotonicMs();
    if (isDone) await this.#expire();
  }

  /** False = there is more. */
  async #copy(source: string): Promise<boolean> {
    const { feed, store, metrics } = this.#options;
    const incarnation = await feed.incarnation(source);
    for (let batch = 0; batch < MAX_BATCHES && this.#isOwner; batch += 1) {
      const from = await this.#positionOf(source, incarnation);
      const page = await feed.read(source, incarnation, from.seq, BATCH);
      this.#lags.set(source, page.lastSeq - from.seq);
      if (page.endSeq > from.seq) {
        const position = await store.add(batchOf(source, incarnation, from, page));
        this.#places.set(source, { incarnation, position });
        this.#lags.set(source, page.lastSeq - page.endSeq);
        if (page.entries.length > 0) metrics?.copied(page.entries.length);
        if (page.missing > 0) metrics?.missing(page.missing);
      }
      if (page.endSeq >= page.lastSeq) return true;
    }
    return false;
  }

  async #positionOf(source: string, incarnation: string): Promise<ArchivePosition> {
    const known = this.#places.get(source);
    if (known?.incarnation === incarnation) return known.position;
    const position = await this.#options.store.position(source, incarnation);
    this.#places.set(source, { incarnation, position });
    return position;
  }

  async #expire(): Promise<void> {
    const { store, retentionDays, now, monotonicMs, metrics, onError } = this.#options;
    const days = retentionDays();
    if (days === 0 || monotonicMs() - this.#expiredMs < EXPIRE_EVERY_MS) return;
    this.#expiredMs = monotonicMs();
    try {
      const expired = await store.expire(now() - days * DAY_MS);
      if (expired > 0) metrics?.expired(expired);
    } catch (error) {
      onError(error);
    }
  }
}

function batchOf(
  source: string,
  incarnation: string,
  from: ArchivePosition,
  { entries, endSeq, gaps }: FeedPage,
): Parameters<ArchiveStore['add']>[0] {
  return { source, incarnation, from, endSeq, gaps, publications: entries };
}
