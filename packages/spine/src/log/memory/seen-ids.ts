/** Where an id was stored, and when. */
export interface SeenId {
  readonly seq: number;
  readonly atMs: number;
  readonly user: string;
  /** The same id of another user. */
  readonly next: SeenId | undefined;
}

/** By channel, then by id: two look-ups of strings that exist already cost a third of one by a composed key. */
type Generation = Map<string, Map<string, SeenId>>;

/**
 * The ids of a sliding window (LOG-5), in two generations: when the newer has lasted a window, or is full, it becomes
 * the older and the older is forgotten at once. So nothing is ever swept, and `maxIds` bounds both together; beyond
 * that rate the window is shorter than asked for. Users and channels never meet, whatever ids they choose (T-08).
 */
export class SeenIds {
  readonly #windowMs: number;
  readonly #maxPerGeneration: number;
  #newer: Generation = new Map();
  #older: Generation = new Map();
  #newerSize = 0;
  #startedMs: number;

  constructor(windowMs: number, maxIds: number, nowMs: number) {
    this.#windowMs = windowMs;
    this.#maxPerGeneration = Math.max(1, Math.floor(maxIds / 2));
    this.#startedMs = nowMs;
  }

  find(channel: string, user: string, id: string, nowMs: number): SeenId | undefined {
    const seen = ofUser(this.#newer.get(channel)?.get(id), user) ?? ofUser(this.#older.get(channel)?.get(id), user);
    return seen !== undefined && nowMs - seen.atMs < this.#windowMs ? seen : undefined;
  }

  add(channel: string, user: string, id: string, seq: number, atMs: number): void {
    if (atMs - this.#startedMs >= this.#windowMs || this.#newerSize >= this.#maxPerGeneration) this.#turnOver(atMs);
    let ids = this.#newer.get(channel);
    if (ids === undefined) {
      ids = new Map();
      this.#newer.set(channel, ids);
    }
    ids.set(id, { seq, atMs, user, next: ids.get(id) });
    this.#newerSize++;
  }

  #turnOver(nowMs: number): void {
    this.#older = this.#newer;
    this.#newer = new Map();
    this.#newerSize = 0;
    this.#startedMs = nowMs;
  }
}

function ofUser(first: SeenId | undefined, user: string): SeenId | undefined {
  let seen = first;
  while (seen !== undefined && seen.user !== user) seen = seen.next;
  return seen;
}
