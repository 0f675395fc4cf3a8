import { setTimeout as delay } from 'node:timers/promises';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { ErasureRecordSchema, create } from '@arqonbus/protocol/spine-messages';
import type { ErasureRecord } from '@arqonbus/protocol/spine-messages';
import type { LogEraser } from '@arqonbus/spine';
import type { ArchiveStore } from '@arqonbus/storage';
import type { Audit } from '../audit/audit.ts';
import { actionOf } from './erasure-action.ts';
import { eraseCopies } from './erase-copies.ts';
import type { EraseCopiesOptions, ErasedCounts } from './erase-copies.ts';
import { MAX_PENDING, filterOf, tooMany } from './erasure-records.ts';
import type { ErasureRecords, StoredErasure } from './erasure-records.ts';

/** Told of what is erased, for the metrics. */
export interface ErasureMetrics {
  erased(counts: ErasedCounts): void;
  /** An erasure could not be done now, and is tried again. */
  failed(): void;
}

/** What erasing needs. */
export interface ErasuresOptions extends Omit<EraseCopiesOptions, 'onCut'> {
  readonly eraser: LogEraser;
  readonly archive: Pick<ArchiveStore, 'erase' | 'channels'>;
  readonly records: ErasureRecords;
  readonly audit: Pick<Audit, 'begin' | 'end'>;
  readonly nextId: () => string;
  readonly metrics?: ErasureMetrics | undefined;
  readonly onError: (error: unknown) => void;
}

/** How far an erasure is. */
export interface ErasureState extends Readonly<ErasedCounts> {
  readonly erasureId: string;
  readonly isDone: boolean;
}

interface Job {
  readonly stored: StoredErasure;
  readonly counts: ErasedCounts;
  isDone: boolean;
  hasFailed: boolean;
  /** The try under way; whoever waits for it waits until it ends, well or not. */
  running: Promise<void> | undefined;
}

/** Jobs that are done and remembered. */
const MAX_JOBS = 64;

/**
 * The erasures of a bus (LOG-15). One Brain does them, one after the other; an intent in the audit trail and a record stand
 * before each, so that the next Brain ends what this one began. What cannot be erased now is tried again at every tick.
 */
export class Erasures {
  readonly #options: ErasuresOptions;
  readonly #jobs = new Map<string, Job>();
  /** Tenants of those that are about to begin. */
  readonly #beginning: TenantId[] = [];
  #queue: Promise<void> = Promise.resolve();
  #isOwner = false;
  #isLoaded = false;

  constructor(options: ErasuresOptions) {
    this.#options = options;
  }

  /** Whether this Brain is the one that erases from now on. */
  own(isOwner: boolean): void {
    if (isOwner === this.#isOwner) return;
    this.#isOwner = isOwner;
    this.#isLoaded = false;
    this.#jobs.clear();
  }

  /** How many are under way. */
  pending(): number {
    return [...this.#jobs.values()].filter(({ isDone }) => !isDone).length;
  }

  /**
   * Begins an erasure and gives its id. Throws `UNAVAILABLE` where log, archive or trail cannot be used, `FEATURE_DISABLED`
   * where the log cannot give up single publications, `RATE_LIMITED` for too many at once; then nothing is begun.
   */
  async begin(tenant: TenantId, asked: Pick<ErasureRecord, 'what' | 'requestedBy' | 'traceId'>): Promise<string> {
    if (this.#countOf(tenant) >= MAX_PENDING) throw tooMany();
    this.#beginning.push(tenant);
    try {
      return await this.#begin(tenant, asked);
    } finally {
      this.#beginning.splice(this.#beginning.indexOf(tenant), 1);
    }
  }

  async #begin(tenant: TenantId, asked: Pick<ErasureRecord, 'what' | 'requestedBy' | 'traceId'>): Promise<string> {
    const { eraser, archive, records, audit, nextId } = this.#options;
    const what = filterOf(asked.what);
    await eraser.parts(tenant, what);
    // Only to see whether it can be reached.
    await archive.channels(tenant, what.room ?? '', 1);
    const record = create(ErasureRecordSchema, { ...asked, erasureId: nextId() });
    const action = actionOf(tenant, record);
    const intentSeq = await audit.begin(action);
    const stored = { tenant, record: { ...record, intentSeq: BigInt(intentSeq) } };
    try {
      await records.add(tenant, stored.record);
    } catch (error) {
      const code = error instanceof BusError ? error.code : 'INTERNAL_ERROR';
      await audit.end({ ...action, details: { ...action.details, code } }, 'failed', intentSeq);
      throw error;
    }
    this.#start(this.#add(stored));
    return record.erasureId;
  }

  /** How far one is, once it is done or some time has passed. Throws `UNAVAILABLE` where it cannot go on at the moment. */
  async ask(tenant: TenantId, erasureId: string, patienceMs: number): Promise<ErasureState> {
    const job = this.#jobs.get(jobKey(tenant, erasureId));
    if (job === undefined) {
      const record = await this.#options.records.find(tenant, erasureId);
      if (record === undefined) throw new BusError('NOT_FOUND', 'There is no such erasure any more.');
      return stateOf(record);
    }
    await Promise.race([job.running, delay(patienceMs, undefined, { ref: false })]);
    if (job.hasFailed) throw new BusError('UNAVAILABLE', 'It cannot be erased now; that goes on as soon as it can.');
    return { erasureId, isDone: job.isDone, ...job.counts };
  }

  /** Goes on with what others have begun, and with what could not be done. Never rejects. */
  async tick(): Promise<void> {
    if (!this.#isOwner || !(await this.#load())) return;
    for (const job of this.#jobs.values()) this.#start(job);
    await this.#queue;
  }

  /** How many of a tenant's are under way, or about to be. */
  #countOf(tenant: TenantId): number {
    const own = [...this.#jobs.values()].filter(({ stored, isDone }) => stored.tenant === tenant && !isDone);
    return own.length + this.#beginning.filter((one) => one === tenant).length;
  }

  /** False where it is not known what others have begun: with the bucket away nothing else goes on either, and others say so. */
  async #load(): Promise<boolean> {
    if (this.#isLoaded) return true;
    const pending = await this.#options.records.pending().catch(() => undefined);
    if (pending === undefined) return false;
    for (const stored of pending) this.#add(stored);
    this.#isLoaded = true;
    return true;
  }

  #add(stored: StoredErasure): Job {
    const key = jobKey(stored.tenant, stored.record.erasureId);
    const known = this.#jobs.get(key);
    if (known !== undefined) return known;
    for (const [oldest, { isDone }] of this.#jobs) if (isDone && this.#jobs.size >= MAX_JOBS) this.#jobs.delete(oldest);
    const counts = { erased: 0, archiveErased: 0 };
    const job: Job = { stored, counts, isDone: false, hasFailed: false, running: undefined };
    this.#jobs.set(key, job);
    return job;
  }

  #start(job: Job): void {
    if (job.isDone || job.running !== undefined) return;
    job.running = this.#queue
      .then(() => this.#run(job))
      .finally(() => {
        job.running = undefined;
      });
    this.#queue = job.running;
  }

  /** Never rejects. */
  async #run(job: Job): Promise<void> {
    const { records, audit, metrics, onError } = this.#options;
    const { tenant, record } = job.stored;
    const what = filterOf(record.what);
    try {
      const { erasureId } = record;
      const onCut: EraseCopiesOptions['onCut'] = (cutSeqs) => records.cut(tenant, cutSeqs);
      await eraseCopies({ tenant, erasureId, what }, job.counts, { ...this.#options, onCut });
      const { erased, archiveErased } = job.counts;
      const ended = { ...record, erased: BigInt(erased), archiveErased: BigInt(archiveErased) };
      const isFirst = await records.done(tenant, ended);
      [job.isDone, job.hasFailed] = [true, false];
      metrics?.erased(job.counts);
      if (isFirst) await audit.end(actionOf(tenant, record, job.counts), 'done', Number(record.intentSeq));
    } catch (error) {
      metrics?.failed();
      if (!job.hasFailed) onError(error);
      job.hasFailed = true;
    }
  }
}

function jobKey(tenant: TenantId, erasureId: string): string {
  return `${tenant}/${erasureId}`;
}

function stateOf({ erasureId, isDone, erased, archiveErased }: ErasureRecord): ErasureState {
  return { erasureId, isDone, erased: Number(erased), archiveErased: Number(archiveErased) };
}
