import { LEASE_MS } from '../membership/membership-reports.ts';

/**
 * The Shields that this Brain has heard of lately, in whatever partition: every Shield reports to every partition, so
 * one that is taken over knows from the others whom it has to hear (PRS-2).
 */
export class SeenShields {
  readonly #monotonicMs: () => number;
  readonly #startedAtMs: number;
  readonly #seen = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#startedAtMs = monotonicMs();
  }

  note(node: string): void {
    this.#seen.set(node, this.#monotonicMs());
  }

  /** How many are alive, as far as this Brain has heard. */
  count(): number {
    this.alive();
    return this.#seen.size;
  }

  /** The Shields that are alive; undefined while this Brain is too young to know them all. */
  alive(): readonly string[] | undefined {
    const nowMs = this.#monotonicMs();
    for (const [node, seenMs] of this.#seen) if (nowMs - seenMs >= LEASE_MS) this.#seen.delete(node);
    return nowMs - this.#startedAtMs < LEASE_MS ? undefined : [...this.#seen.keys()];
  }
}
