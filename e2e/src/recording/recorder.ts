import type { HistoryClient, HistoryEvent } from '@arqonbus/testkit';

type Unstamped<E> = E extends HistoryEvent ? Omit<E, 'atMs'> : never;

/** Writes down what clients do and see, for `checkHistory`. */
export class Recorder {
  readonly clients: Map<string, HistoryClient> = new Map();
  readonly events: HistoryEvent[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(event: Unstamped<HistoryEvent>): void {
    this.events.push({ ...event, atMs: this.#nowMs() });
  }
}
