import { BusError } from '@arqonbus/protocol';
import type { Publication } from './publication.ts';

/** How many publications wait for a reader at most. */
export const MAX_QUEUED = 1_000;

/** How many bytes of text and payload wait for a reader at most, roughly. */
export const MAX_QUEUED_BYTES = 4_194_304;

/** Publications on their way to one reader; bounded. */
export interface PublicationQueue {
  /** Adds one. False when the queue is full or ended: the publication is dropped, and counted. */
  push(publication: Publication, bytes: number): boolean;
  /** Publications dropped so far because the queue was full. */
  readonly dropped: number;
  /** No more will come. The reader gets what waits, then the end, or `error`. */
  end(error?: BusError): void;
  /** The one that waits longest. */
  readonly first: Publication | undefined;
  /** Forgets those that wait and match. */
  drop(matches: (publication: Publication) => boolean): void;
  /** Takes what waits without waiting. */
  take(): Publication | undefined;
  /**
   * The next one; waits for it. After an overflow: what waited, then a rejection with a BusError `UNAVAILABLE` whose
   * `details.dropped` tells how many are missing, and the end.
   */
  next(): Promise<IteratorResult<Publication, undefined>>;
}

interface Waiter {
  resolve(result: IteratorResult<Publication, undefined>): void;
  reject(error: BusError): void;
}

/** An empty queue. */
export function createPublicationQueue(): PublicationQueue {
  return new BoundedQueue();
}

class BoundedQueue implements PublicationQueue {
  dropped = 0;
  #bytes = 0;
  #isEnded = false;
  #error: BusError | undefined;
  #items: { readonly publication: Publication; readonly bytes: number }[] = [];
  readonly #waiters: Waiter[] = [];

  push(publication: Publication, bytes: number): boolean {
    if (this.#isEnded) return false;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: publication });
      return true;
    }
    // Once something was dropped nothing more is taken in: what follows a hole must not look whole.
    const isFull = this.#items.length >= MAX_QUEUED || this.#bytes + bytes > MAX_QUEUED_BYTES;
    if (isFull || this.dropped > 0) {
      this.dropped++;
      return false;
    }
    this.#items.push({ publication, bytes });
    this.#bytes += bytes;
    return true;
  }

  end(error?: BusError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    for (const waiter of this.#waiters.splice(0)) this.#settleEmpty(waiter);
  }

  get first(): Publication | undefined {
    return this.#items[0]?.publication;
  }

  drop(matches: (publication: Publication) => boolean): void {
    this.#items = this.#items.filter(({ publication }) => !matches(publication));
    this.#bytes = this.#items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  take(): Publication | undefined {
    const item = this.#items.shift();
    if (item !== undefined) this.#bytes -= item.bytes;
    return item?.publication;
  }

  next(): Promise<IteratorResult<Publication, undefined>> {
    const publication = this.take();
    if (publication !== undefined) return Promise.resolve({ done: false, value: publication });
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject };
      if (this.dropped > 0 || this.#isEnded) this.#settleEmpty(waiter);
      else this.#waiters.push(waiter);
    });
  }

  #settleEmpty(waiter: Waiter): void {
    const error = this.dropped > 0 ? overflow(this.dropped) : this.#error;
    this.dropped = 0;
    this.#error = undefined;
    this.#isEnded = true;
    if (error === undefined) waiter.resolve({ done: true, value: undefined });
    else waiter.reject(error);
  }
}

function overflow(dropped: number): BusError {
  const text = `The reader was slower than the channel: ${dropped} publications were dropped.`;
  return new BusError('UNAVAILABLE', text, { details: { dropped } });
}
