import { LEASE_MS } from '../membership/membership-reports.ts';

/** How long it is remembered when a Shield was heard last: as long as the longest resume window (PRT-7). */
const KEPT_MS = 600_000;

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
    return this.#alive().length;
  }

  /** How long ago the Shield was heard last; undefined = this Brain never heard of it, or long ago. */
  silentForMs(node: string): number | undefined {
    const seenMs = this.#seen.get(node);
    return seenMs === undefined ? undefined : this.#monotonicMs() - seenMs;
  }

  /** All that are remembered, alive or not. */
  known(): readonly string[] {
    return [...this.#seen.keys()];
  }

  /** The Shields that are alive; undefined while this Brain is too young to know them all. */
  alive(): readonly string[] | undefined {
    const alive = this.#alive();
    return this.#monotonicMs() - this.#startedAtMs < LEASE_MS ? undefined : alive;
  }

  #alive(): readonly string[] {
    const nowMs = this.#monotonicMs();
    for (const [node, seenMs] of this.#seen) if (nowMs - seenMs >= KEPT_MS) this.#seen.delete(node);
    return [...this.#seen].flatMap(([node, seenMs]) => (nowMs - seenMs < LEASE_MS ? [node] : []));
  }
}
