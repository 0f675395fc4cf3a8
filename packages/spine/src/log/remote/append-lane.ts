import { BusError } from '@arqonbus/protocol';
import type { Append, Appended } from '../channel-log.ts';

/** What became of each append of a batch. */
export type AppendResult = Appended | BusError;

/** Brings a batch to the log, by a moment (see `deadlineIn`), and gives what became of it, in its order. */
export type SendBatch = (batch: readonly Append[], deadlineMs: number) => Promise<readonly AppendResult[]>;

/** Bytes that may wait in all lanes of a process together. */
export interface WaitingBytes {
  bytes: number;
  readonly max: number;
}

/** What a lane is made of. */
export interface AppendLaneOptions {
  readonly send: SendBatch;
  readonly waiting: WaitingBytes;
  /** How long an append may wait and be on its way together. */
  readonly timeoutMs: number;
  /** As `performance.now`. */
  readonly monotonicMs: () => number;
}

interface Entry {
  readonly append: Append;
  readonly deadlineMs: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

/** Of one batch: together with a single large message it has to fit what NATS takes at once. */
const BATCH_BYTES = 262_144;
const BATCH_APPENDS = 128;

/**
 * Appends that must arrive in their order (PRT-19). One batch is on its way at a time, and what comes meanwhile goes with
 * the next one: so nothing overtakes, also where a batch has to be sent again because its server went away, and the more
 * there is to do the fewer round trips it costs.
 */
export class AppendLane {
  readonly #options: AppendLaneOptions;
  #queue: Entry[] = [];
  #isBusy = false;

  constructor(options: AppendLaneOptions) {
    this.#options = options;
  }

  /** Rejects with `UNAVAILABLE` where it was not sent. */
  add(append: Append): Promise<Appended> {
    const { waiting, timeoutMs, monotonicMs } = this.#options;
    if (waiting.bytes > waiting.max) {
      return Promise.reject(new BusError('UNAVAILABLE', 'Too much is waiting for the log.'));
    }
    waiting.bytes += append.data.length;
    return new Promise((resolve, reject) => {
      this.#queue.push({ append, deadlineMs: monotonicMs() + timeoutMs, resolve, reject });
      if (!this.#isBusy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isBusy = true;
    // What is added in this turn goes with the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#take();
      if (batch.length > 0) await this.#send(batch);
    }
    this.#isBusy = false;
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    const { send, waiting } = this.#options;
    try {
      const appends = batch.map(({ append }) => append);
      const results = await send(appends, batch[0]?.deadlineMs ?? 0);
      for (const [index, entry] of batch.entries()) settle(entry, results[index]);
    } catch (error) {
      for (const entry of batch) entry.reject(error);
    }
    for (const { append } of batch) waiting.bytes -= append.data.length;
  }

  /** Takes the next batch out of the queue; what has waited for too long is refused. */
  #take(): readonly Entry[] {
    const nowMs = this.#options.monotonicMs();
    const batch: Entry[] = [];
    let bytes = 0;
    let taken = 0;
    for (const entry of this.#queue) {
      const { data } = entry.append;
      if (batch.length >= BATCH_APPENDS || (batch.length > 0 && bytes + data.length > BATCH_BYTES)) break;
      taken += 1;
      if (entry.deadlineMs <= nowMs) {
        this.#options.waiting.bytes -= data.length;
        entry.reject(new BusError('UNAVAILABLE'));
      } else {
        batch.push(entry);
        bytes += data.length;
      }
    }
    this.#queue = this.#queue.slice(taken);
    return batch;
  }
}

function settle(entry: Entry, result: AppendResult | undefined): void {
  if (result instanceof BusError) entry.reject(result);
  else if (result === undefined) entry.reject(new BusError('INTERNAL_ERROR'));
  else entry.resolve(result);
}
