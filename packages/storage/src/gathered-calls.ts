import { BusError } from '@arqonbus/protocol';

/** How calls are gathered. */
export interface GatheredCallsOptions<Key, Item, Result> {
  /** Does what all of these ask for, and gives as many results in their order. */
  readonly run: (key: Key, items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items of one run. */
  readonly maxItems: number;
  /** Items of one key that wait; more are `UNAVAILABLE`. */
  readonly maxWaiting: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Calls that come one after the other anyway, since they hold the same row or lock: what comes for a key while a run is under way
 * shares the next one. A single call waits for nothing.
 */
export class GatheredCalls<Key, Item, Result> {
  readonly #options: GatheredCallsOptions<Key, Item, Result>;
  /** Keys whose run is under way, with what waits. */
  readonly #waiting = new Map<Key, Waiting<Item, Result>[]>();

  constructor(options: GatheredCallsOptions<Key, Item, Result>) {
    this.#options = options;
  }

  /** Rejects with what its run fails with, or `UNAVAILABLE` where too many wait. */
  call(key: Key, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      const call = { item, resolve, reject };
      const queue = this.#waiting.get(key);
      if (queue === undefined) void this.#runAll(key, call);
      else if (queue.length < this.#options.maxWaiting) queue.push(call);
      else reject(new BusError('UNAVAILABLE'));
    });
  }

  async #runAll(key: Key, first: Waiting<Item, Result>): Promise<void> {
    const queue = [first];
    this.#waiting.set(key, queue);
    while (queue.length > 0) await this.#runSome(key, queue.splice(0, this.#options.maxItems));
    this.#waiting.delete(key);
  }

  async #runSome(key: Key, calls: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const items = calls.map(({ item }) => item);
      const results = await this.#options.run(key, items);
      for (const [index, { resolve }] of calls.entries()) resolve(results[index] as Result);
    } catch (error) {
      const isShared = calls.length > 1 && !(error instanceof BusError && error.code === 'UNAVAILABLE');
      // What is wrong with one of them is no fault of the others.
      if (isShared) for (const call of calls) await this.#runSome(key, [call]);
      else for (const { reject } of calls) reject(error);
    }
  }
}
