import { withTimeout } from '@arqonbus/testkit';
import type { Members } from './scenario.ts';

/** Longer than anything takes on a busy machine. */
const TIMEOUT_MS = 30_000;

/** The events that a client has told and no step has taken yet, by their kind. */
export class HeardEvents {
  readonly #events = new Map<string, Members[]>();
  #wake: (() => void) | undefined;

  add(event: Members): void {
    const kind = String(event['event']);
    this.#events.set(kind, [...(this.#events.get(kind) ?? []), event]);
    this.#wake?.();
  }

  /** How many of this kind wait. */
  count(kind: string): number {
    return this.#events.get(kind)?.length ?? 0;
  }

  /** The next one of this kind. */
  async next(kind: string): Promise<Members> {
    for (;;) {
      const event = this.#events.get(kind)?.shift();
      if (event !== undefined) return event;
      const news = new Promise<void>((resolve) => (this.#wake = resolve));
      await withTimeout(news, TIMEOUT_MS, `an event "${kind}"`);
    }
  }
}
