/**
 * In a cluster of NATS a server that is cut off from the others goes on to answer for a stream, with what it had then, until it gives
 * up leading it after some 10 s; and one that has just been elected may not have caught up. Neither has lost anything.
 */
const SETTLED_AFTER_MS = 15_000;
/** Looks that lie further apart are not of one occasion. */
const FORGOTTEN_AFTER_MS = 10_000;

interface Seen {
  readonly sinceMs: number;
  lastMs: number;
}

/** Tells a stream that has lost something from one that is told of by somebody who does not know better (LOG-4). */
export class LossPatience {
  readonly #seen = new Map<string, Seen>();

  /** Takes note that less of a stream was seen than there was; true once that has lasted. Of one with a single copy it is sure at once. */
  isSure(stream: string, copies: number, nowMs: number): boolean {
    if (copies <= 1) return true;
    const known = this.#seen.get(stream);
    if (known === undefined || nowMs - known.lastMs > FORGOTTEN_AFTER_MS || nowMs < known.lastMs) {
      this.#seen.set(stream, { sinceMs: nowMs, lastMs: nowMs });
      return false;
    }
    known.lastMs = nowMs;
    return nowMs - known.sinceMs >= SETTLED_AFTER_MS;
  }

  /** All of it is there. */
  forget(stream: string): void {
    this.#seen.delete(stream);
  }
}
