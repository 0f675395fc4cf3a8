import { BusError, NO_HASH } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { AuditRecordSchema, readMessage, toBinary } from '@arqonbus/protocol/spine-messages';
import type { AuditTrail } from '@arqonbus/spine';
import { createAuditRecord } from './audit-record.ts';
import type { AuditEntry, ChainEnd } from './audit-record.ts';
import type { Checkpoints } from './checkpoints.ts';

/** What the chains are made of. */
export interface AuditChainOptions {
  readonly trail: AuditTrail;
  readonly checkpoints: Pick<Checkpoints, 'advance'>;
  /** Wall clock, ms since the Unix epoch. */
  readonly now: () => number;
  /** Told of every chain that has grown. */
  readonly onAppended: (tenant: TenantId) => void;
  /** Told why a checkpoint stayed behind; the next record moves it on. */
  readonly onError: (error: unknown) => void;
}

/** The end of a chain that holds nothing. */
export const EMPTY_CHAIN: ChainEnd = { position: 0, seq: 0, hash: NO_HASH };

/** Other Brains may write to the same chain; who comes second begins anew. */
const MAX_TRIES = 16;
/** Records of one tenant that wait for their turn. */
const MAX_WAITING = 64;
/** Tenants whose end is remembered. */
const MAX_KNOWN = 1_000;

/**
 * Appends to the chains (AUD-3). Each record names the hash of the one before, and is stored behind that one alone, so a
 * chain has no branches however many Brains write to it. Within a Brain the records of a tenant wait for each other.
 */
export class AuditChain {
  readonly #options: AuditChainOptions;
  readonly #ends = new Map<TenantId, ChainEnd>();
  readonly #queues = new Map<TenantId, { waiting: number; last: Promise<unknown> }>();

  constructor(options: AuditChainOptions) {
    this.#options = options;
  }

  /** Stores a record and gives its place in the chain. Throws `UNAVAILABLE` where it is not, or may not be, stored. */
  append(entry: AuditEntry): Promise<number> {
    const queue = this.#queues.get(entry.tenant) ?? { waiting: 0, last: Promise.resolve() };
    if (queue.waiting >= MAX_WAITING) return Promise.reject(unwritten(undefined));
    queue.waiting += 1;
    this.#queues.set(entry.tenant, queue);
    const stored = queue.last.then(() => this.#append(entry));
    queue.last = stored
      .catch(() => undefined)
      .finally(() => {
        queue.waiting -= 1;
        if (queue.waiting === 0) this.#queues.delete(entry.tenant);
      });
    return stored;
  }

  async #append(entry: AuditEntry): Promise<number> {
    const { tenant } = entry;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#tryAppend(entry);
      } catch (error) {
        // Whatever it was, the end may be another one by now.
        this.#ends.delete(tenant);
        const isOvertaken = error instanceof BusError && error.code === 'CONFLICT';
        if (!isOvertaken || tries === MAX_TRIES) throw unwritten(error);
      }
    }
  }

  async #tryAppend(entry: AuditEntry): Promise<number> {
    const { trail, now } = this.#options;
    const { tenant } = entry;
    const end = this.#ends.get(tenant) ?? (await this.#readEnd(tenant));
    const record = createAuditRecord(entry, end, now());
    const position = await trail.append(tenant, toBinary(AuditRecordSchema, record), end.position);
    const seq = end.seq + 1;
    await this.#moveOn(tenant, { position, seq, hash: record.hash });
    return seq;
  }

  async #readEnd(tenant: TenantId): Promise<ChainEnd> {
    const head = await this.#options.trail.head(tenant);
    if (head === undefined) return EMPTY_CHAIN;
    const record = readMessage(AuditRecordSchema, head.data);
    // What cannot be read is no end to go on from: whoever verifies is told.
    if (record === undefined) throw new BusError('UNAVAILABLE', 'The end of the audit trail cannot be read.');
    return { position: head.position, seq: Number(record.seq), hash: record.hash };
  }

  async #moveOn(tenant: TenantId, end: ChainEnd): Promise<void> {
    const { checkpoints, onAppended, onError } = this.#options;
    onAppended(tenant);
    this.#ends.delete(tenant);
    this.#ends.set(tenant, end);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > MAX_KNOWN && oldest !== undefined) this.#ends.delete(oldest);
    await checkpoints.advance(tenant, end).catch(onError);
  }
}

function unwritten(cause: unknown): BusError {
  return new BusError('UNAVAILABLE', 'The audit trail cannot be written, and nothing is done without it.', { cause });
}
