import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { errorOfEnvelope } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';

/** Requests without an answer at one time. */
export const MAX_PENDING_REQUESTS = 1_024;

/** How a request ended: with the server's reply, or with an error. */
export type Outcome =
  | { readonly ok: true; readonly reply: Envelope }
  | { readonly ok: false; readonly error: BusError };

interface Pending {
  readonly timer: Timer;
  settle(outcome: Outcome): void;
}

/** The requests that wait for an answer on the present connection; each settles exactly once. */
export class Requests {
  readonly #clock: Clock;
  readonly #transmit: (envelope: Envelope) => BusError | undefined;
  readonly #pending = new Map<string, Pending>();

  /** `transmit` hands an envelope to the connection and tells why it could not. */
  constructor(clock: Clock, transmit: (envelope: Envelope) => BusError | undefined) {
    this.#clock = clock;
    this.#transmit = transmit;
  }

  /**
   * Sends a request. Never rejects: a refusal, `TIMEOUT` after `timeoutMs` or at the loss of the connection (the outcome
   * is not known then: `details.indeterminate`), and a request that never left are outcomes.
   */
  send(envelope: Envelope, timeoutMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const error = this.#refusal(envelope.id) ?? this.#transmit(envelope);
      if (error !== undefined) {
        resolve({ ok: false, error });
        return;
      }
      const timer = this.#clock.setTimer(() => {
        this.#pending.delete(envelope.id);
        resolve({ ok: false, error: unknownOutcome(`No answer within ${timeoutMs} ms.`) });
      }, timeoutMs);
      this.#pending.set(envelope.id, { timer, settle: resolve });
    });
  }

  /** Takes a `response` or `error` frame; false when it answers no request that waits. */
  answer(reply: Envelope): boolean {
    const pending = this.#pending.get(reply.requestId);
    if (pending === undefined) return false;
    this.#pending.delete(reply.requestId);
    pending.timer.cancel();
    const isError = reply.type === 'error' || reply.status === 'error';
    pending.settle(isError ? { ok: false, error: errorOfEnvelope(reply) } : { ok: true, reply });
    return true;
  }

  /** The connection is gone: every outcome is unknown. */
  abort(): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const { timer, settle } of all) {
      timer.cancel();
      settle({ ok: false, error: unknownOutcome('The connection was lost before the answer came.') });
    }
  }

  #refusal(id: string): BusError | undefined {
    if (this.#pending.has(id)) return new BusError('CONFLICT', 'A request with this id waits for its answer.');
    if (this.#pending.size < MAX_PENDING_REQUESTS) return undefined;
    return new BusError('RATE_LIMITED', 'Too many requests wait for an answer; this one was not sent.');
  }
}

/** A BusError `TIMEOUT` that says that nobody knows whether the request was carried out. */
export function unknownOutcome(text: string, cause?: BusError): BusError {
  return new BusError('TIMEOUT', `${text} Whether the bus carried it out is not known.`, {
    details: { indeterminate: true },
    cause,
  });
}
