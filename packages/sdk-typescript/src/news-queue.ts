/** Values for one reader, in order; who reads too slowly loses the oldest. */
export class NewsQueue<T> {
  readonly #maxLength: number;
  #waiting: T[] = [];
  #reader: ((result: IteratorResult<T, undefined>) => void) | undefined;
  #hasEnded = false;

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  push(value: T): void {
    if (this.#hasEnded) return;
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader !== undefined) reader({ done: false, value });
    else this.#waiting = [...this.#waiting, value].slice(-this.#maxLength);
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** In place of all that waits. */
  replaceAll(value: T): void {
    this.#waiting = [];
    this.push(value);
  }

  /** What waits can still be read. */
  end(): void {
    this.#hasEnded = true;
    this.#reader?.({ done: true, value: undefined });
    this.#reader = undefined;
  }

  iterator(): AsyncIterableIterator<T, undefined> {
    const iterator: AsyncIterableIterator<T, undefined> = {
      next: () => this.#next(),
      return: async () => {
        this.#waiting = [];
        this.end();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift() as T });
    if (this.#hasEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }
}
