import type { ClientId } from '@arqonbus/protocol';
import type { Session } from '../session/session.ts';

interface Lost {
  readonly tenant: string;
  readonly generation: number;
  readonly lostAtMs: number;
}

/** Beyond so many the oldest can no longer be resumed: about 20 MiB. */
const MAX_LOST = 100_000;

/** Clients that lost their connection to this Shield and may still resume their session (PRT-7). */
export class LostClients {
  readonly #windowMs: number;
  readonly #monotonicMs: () => number;
  /** In the order in which they were lost. */
  readonly #lost = new Map<ClientId, Lost>();

  constructor(windowMs: number, monotonicMs: () => number) {
    this.#windowMs = windowMs;
    this.#monotonicMs = monotonicMs;
  }

  add({ clientId, tenant, generation }: Pick<Session, 'clientId' | 'tenant' | 'generation'>): void {
    this.#forgetOld();
    if (this.#windowMs === 0) return;
    this.#lost.delete(clientId);
    this.#lost.set(clientId, { tenant, generation, lostAtMs: this.#monotonicMs() });
  }

  has(tenant: string, clientId: ClientId, generation: number): boolean {
    this.#forgetOld();
    const lost = this.#lost.get(clientId);
    return lost?.tenant === tenant && lost.generation === generation;
  }

  delete(clientId: ClientId): void {
    this.#lost.delete(clientId);
  }

  size(): number {
    this.#forgetOld();
    return this.#lost.size;
  }

  #forgetOld(): void {
    const oldestMs = this.#monotonicMs() - this.#windowMs;
    for (const [clientId, { lostAtMs }] of this.#lost) {
      if (lostAtMs >= oldestMs && this.#lost.size <= MAX_LOST) return;
      this.#lost.delete(clientId);
    }
  }
}
