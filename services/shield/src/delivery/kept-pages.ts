/** Bytes of all pages together; the oldest go first. */
export const MAX_KEPT_BYTES = 16_777_216;
/** How long a page may answer: a herd of returning clients is over by then, and what is erased is not told for longer. */
export const KEPT_MS = 5_000;

interface Kept {
  readonly bytes: number;
  readonly readAtMs: number;
  readonly drop: () => void;
}

/** What was read of logs a moment ago, bounded in bytes and time. */
export class KeptPages {
  readonly #monotonicMs: () => number;
  readonly #kept = new Set<Kept>();
  #bytes = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Keeps so many bytes, and calls `drop` when their time is over. */
  add(bytes: number, drop: () => void): void {
    this.#kept.add({ bytes, readAtMs: this.#monotonicMs(), drop });
    this.#bytes += bytes;
    this.sweep();
  }

  /** Drops what is too old or too much. */
  sweep(): void {
    for (const item of this.#kept) {
      if (this.#bytes <= MAX_KEPT_BYTES && this.#monotonicMs() - item.readAtMs < KEPT_MS) return;
      this.#kept.delete(item);
      this.#bytes -= item.bytes;
      item.drop();
    }
  }
}
