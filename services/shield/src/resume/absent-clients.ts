import { homeOf } from '@arqonbus/spine';
import type { ClientId } from '@arqonbus/protocol';

const MAX_KEPT = 100_000;

/**
 * Clients born at this Shield that may be at another one now: of them it must not say that they are gone (PRT-17). Where
 * there were more than it keeps, it says so of nobody whom it does not know.
 */
export class AbsentClients {
  readonly #node: string;
  readonly #absent = new Set<ClientId>();
  #isIncomplete = false;

  constructor(node: string) {
    this.#node = node;
  }

  add(clientId: ClientId): void {
    if (homeOf(clientId) !== this.#node) return;
    this.#absent.add(clientId);
    if (this.#absent.size <= MAX_KEPT) return;
    this.#isIncomplete = true;
    for (const oldest of this.#absent) {
      this.#absent.delete(oldest);
      return;
    }
  }

  /** The client has ended here, for good. */
  delete(clientId: ClientId): void {
    this.#absent.delete(clientId);
  }

  mayBeElsewhere(clientId: string): boolean {
    return this.#isIncomplete || this.#absent.has(clientId as ClientId);
  }
}
