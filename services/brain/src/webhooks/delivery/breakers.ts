import { createCircuit } from '@arqonbus/storage';
import type { Circuit } from '@arqonbus/storage';

const MAX_FAILURES = 5;
/** How long an endpoint that fails all the time is left alone before one delivery tries it. */
export const OPEN_MS = 30_000;
const MAX_KEPT = 10_000;

/** One circuit for each endpoint: what fails five times in a row is left alone for a while (WHK-3). */
export class Breakers {
  readonly #monotonicMs: () => number;
  readonly #onOpen: () => void;
  readonly #circuits = new Map<string, Circuit>();

  constructor(monotonicMs: () => number, onOpen: () => void) {
    this.#monotonicMs = monotonicMs;
    this.#onOpen = onOpen;
  }

  of(tenant: string, webhookId: string): Circuit {
    const key = `${tenant}/${webhookId}`;
    let circuit = this.#circuits.get(key);
    if (circuit === undefined) {
      const options = { maxFailures: MAX_FAILURES, openMs: OPEN_MS, onOpen: this.#onOpen };
      circuit = createCircuit({ ...options, monotonicMs: this.#monotonicMs });
      for (const [oldest] of this.#circuits) {
        if (this.#circuits.size < MAX_KEPT) break;
        this.#circuits.delete(oldest);
      }
      this.#circuits.set(key, circuit);
    }
    return circuit;
  }

  /** How many endpoints are left alone now. */
  open(): number {
    return [...this.#circuits.values()].filter((circuit) => circuit.isOpen()).length;
  }
}
