import { BusError } from '@arqonbus/protocol';
import type { NewWork, TakeOptions, WorkItem, WorkQueue, WorkTaker } from './work-queue.ts';

/** What a queue in memory can be given. */
export interface MemoryWorkQueueOptions {
  /** Bytes of all work together, beyond which more is refused. */
  readonly maxBytes: number;
  /** How many ids are remembered, so that the same work is not added twice. Default 10,000. */
  readonly maxIds?: number;
  /** Runs something later. Default: a timer that keeps no process alive. */
  readonly startTimer?: (delayMs: number, run: () => void) => void;
}

interface Kept extends NewWork {
  readonly seq: number;
}

interface Holder extends TakeOptions {
  /** In hand, or waiting after a `nak`. */
  readonly inHand: Set<number>;
}

interface Partition {
  /** What is not done, by its place, in order. */
  readonly kept: Map<number, Kept>;
  holder: Holder | undefined;
  isHandingOut: boolean;
}

const MAX_IDS = 10_000;

/** Work in the memory of this process, and gone with it. */
export function createMemoryWorkQueue(options: MemoryWorkQueueOptions): WorkQueue {
  return new MemoryWorkQueue(options);
}

class MemoryWorkQueue implements WorkQueue {
  readonly #options: Required<MemoryWorkQueueOptions>;
  readonly #partitions = new Map<number, Partition>();
  readonly #ids = new Set<string>();
  #bytes = 0;
  #seq = 0;

  constructor({ maxBytes, maxIds = MAX_IDS, startTimer = startUnheldTimer }: MemoryWorkQueueOptions) {
    this.#options = { maxBytes, maxIds, startTimer };
  }

  async add(work: NewWork): Promise<void> {
    const id = `${work.tenant}/${work.id}`;
    if (this.#ids.has(id)) return;
    if (this.#bytes + work.data.length > this.#options.maxBytes) {
      throw new BusError('UNAVAILABLE', 'The queue of work is full.');
    }
    this.#remember(id);
    this.#bytes += work.data.length;
    this.#seq += 1;
    const partition = this.#partition(work.partition);
    partition.kept.set(this.#seq, { ...work, data: new Uint8Array(work.data), seq: this.#seq });
    this.#handOutSoon(partition);
  }

  async take(number: number, options: TakeOptions): Promise<WorkTaker> {
    const partition = this.#partition(number);
    const before = partition.holder;
    const holder: Holder = { ...options, inHand: new Set() };
    partition.holder = holder;
    before?.onEnded();
    this.#handOutSoon(partition);
    return {
      stop: () => {
        if (partition.holder === holder) partition.holder = undefined;
      },
    };
  }

  #partition(number: number): Partition {
    const known = this.#partitions.get(number) ?? { kept: new Map(), holder: undefined, isHandingOut: false };
    this.#partitions.set(number, known);
    return known;
  }

  #remember(id: string): void {
    this.#ids.add(id);
    for (const oldest of this.#ids) {
      if (this.#ids.size <= this.#options.maxIds) return;
      this.#ids.delete(oldest);
    }
  }

  /** Never within the call of who adds: work is done beside, not in between. */
  #handOutSoon(partition: Partition): void {
    if (partition.isHandingOut) return;
    partition.isHandingOut = true;
    queueMicrotask(() => {
      partition.isHandingOut = false;
      this.#handOut(partition);
    });
  }

  #handOut(partition: Partition): void {
    const { kept, holder } = partition;
    if (holder === undefined) return;
    for (const work of kept.values()) {
      if (holder.inHand.size >= holder.maxInHand || partition.holder !== holder) return;
      if (holder.inHand.has(work.seq)) continue;
      holder.inHand.add(work.seq);
      const item = this.#itemOf(work, partition, holder);
      try {
        holder.onItem(item);
      } catch {
        item.nak(0);
      }
    }
  }

  #itemOf(work: Kept, partition: Partition, holder: Holder): WorkItem {
    const { seq, tenant, data } = work;
    let isEnded = false;
    const end = (how: () => void): void => {
      if (isEnded) return;
      isEnded = true;
      how();
    };
    const release = (): void => {
      holder.inHand.delete(seq);
      this.#handOutSoon(partition);
    };
    return {
      tenant,
      seq,
      data,
      ack: () =>
        end(() => {
          if (partition.kept.delete(seq)) this.#bytes -= data.length;
          release();
        }),
      nak: (delayMs) => end(() => this.#options.startTimer(delayMs, release)),
    };
  }
}

function startUnheldTimer(delayMs: number, run: () => void): void {
  setTimeout(run, delayMs).unref();
}
