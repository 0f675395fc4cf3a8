/** Where an id was stored, and when. */
export interface SeenId {
  readonly seq: number;
  readonly atMs: number;
}

/**
 * The ids of a sliding window (LOG-5), in two generations: when the newer has lasted a window, or is full, it becomes
 * the older and the older is forgotten at once. So nothing is ever swept, and `maxIds` bounds both together; beyond
 * that rate the window is shorter than asked for.
 */
export class SeenIds {
  readonly #windowMs: number;
  readonly #maxPerGeneration: number;
  #newer = new Map<string, SeenId>();
  #older = new Map<string, SeenId>();
  #startedMs: number;

  constructor(windowMs: number, maxIds: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#maxPerGeneration = Math.max(1, Math.floor(maxIds / 2));
    this.#startedMs = nowMs;
  }

  find(key: string, nowMs: number): SeenId | undefined {
    const seen = this.#newer.get(key) ?? this.#older.get(key);
    return seen !== undefined && nowMs - seen.atMs < this.#windowMs ? seen : undefined;
  }

  add(key: string, seq: number, nowMs: number): void {
    if (nowMs - this.#startedMs >= this.#windowMs || this.#newer.size >= this.#maxPerGeneration) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#startedMs = nowMs;
    }
    this.#newer.set(key, { seq, atMs: nowMs });
  }
}
