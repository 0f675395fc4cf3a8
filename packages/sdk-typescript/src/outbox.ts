import { BusError, errorTable } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { retryAfterMs } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';
import { MAX_PENDING_REQUESTS, unknownOutcome } from './requests.ts';
import type { Outcome, Requests } from './requests.ts';

/** Wait before a publication whose repetition was refused for the moment is tried again. */
const RETRY_WAIT_MS = 1_000;

/** What the outbox asks about the channel of a publication. */
export interface ChannelReadiness {
  /** True when a publication to this channel can be sent now. */
  isReady(channelKey: string): boolean;
  /** True when the channel is known to be logged, so that an id is stored once however often it is sent (LOG-5). */
  isLogged(channelKey: string): boolean;
}

interface Entry {
  readonly channelKey: string;
  readonly envelope: Envelope;
  readonly deadlineTimer: Timer;
  readonly resolve: (reply: Envelope) => void;
  readonly reject: (error: BusError) => void;
  /** It has left at least once, and no answer came: it may have been stored. */
  isUncertain: boolean;
  isInFlight: boolean;
  retryTimer: Timer | undefined;
}

/** What the outbox needs. */
export interface OutboxSettings {
  readonly requests: Requests;
  readonly clock: Clock;
  readonly channels: ChannelReadiness;
  readonly requestTimeoutMs: number;
  readonly retryMs: number;
}

/**
 * Publications that wait for their acknowledgement. One without an answer is sent again under the same id, in the order
 * of publishing, where the log makes that harmless; elsewhere its outcome is reported as unknown.
 */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #entries = new Set<Entry>();

  constructor(settings: OutboxSettings) {
    this.#settings = settings;
  }

  /**
   * Sends as soon as the channel is ready, and resolves with the acknowledgement. Rejects with the refusal, with
   * `UNAVAILABLE` when it never left within `retryMs`, with `TIMEOUT` and `details.indeterminate` when nobody knows.
   */
  publish(channelKey: string, envelope: Envelope): Promise<Envelope> {
    if (this.#entries.size >= MAX_PENDING_REQUESTS) {
      return Promise.reject(new BusError('RATE_LIMITED', 'Too many publications wait for their acknowledgement.'));
    }
    return new Promise((resolve, reject) => {
      const expire = (): void => this.#expire(entry, 'there was no connection in time');
      const deadlineTimer = this.#settings.clock.setTimer(expire, this.#settings.retryMs);
      const entry: Entry = {
        channelKey,
        envelope,
        deadlineTimer,
        resolve,
        reject,
        isUncertain: false,
        isInFlight: false,
        retryTimer: undefined,
      };
      this.#entries.add(entry);
      this.#send(entry);
    });
  }

  /** Sends what waits and can go: after a welcome, and after a channel was joined again. */
  flush(): void {
    for (const entry of this.#entries) this.#send(entry);
  }

  /** The client is closed: nothing will be sent any more. */
  abort(): void {
    for (const entry of this.#entries) this.#expire(entry, 'the client was closed');
  }

  #send(entry: Entry): void {
    if (entry.isInFlight || !this.#settings.channels.isReady(entry.channelKey)) return;
    entry.retryTimer?.cancel();
    entry.isInFlight = true;
    void this.#settings.requests.send(entry.envelope, this.#settings.requestTimeoutMs).then((outcome) => {
      entry.isInFlight = false;
      if (this.#entries.has(entry)) this.#take(entry, outcome);
    });
  }

  #take(entry: Entry, outcome: Outcome): void {
    if (outcome.ok) {
      this.#remove(entry);
      entry.resolve(outcome.reply);
      return;
    }
    const { error } = outcome;
    const wasUncertain = entry.isUncertain;
    if (error.code === 'TIMEOUT') entry.isUncertain = true;
    if (!entry.isUncertain) this.#fail(entry, error);
    else if (!this.#settings.channels.isLogged(entry.channelKey)) this.#fail(entry, asUnknown(error));
    // A log looks for repeats before it compares: what it refuses as a conflict it has never stored.
    else if (error.code === 'CONFLICT') this.#fail(entry, error);
    else if (error.code === 'TIMEOUT') this.#send(entry);
    else if (wasUncertain && errorTable[error.code].isRetryable) this.#sendLater(entry, retryAfterMs(error));
    else this.#fail(entry, asUnknown(error));
  }

  #sendLater(entry: Entry, askedForMs: number): void {
    const delayMs = askedForMs > 0 ? askedForMs : RETRY_WAIT_MS;
    if (delayMs > this.#settings.retryMs) return;
    entry.retryTimer = this.#settings.clock.setTimer(() => this.#send(entry), delayMs);
  }

  #expire(entry: Entry, why: string): void {
    const wasNeverSent = !entry.isUncertain && !entry.isInFlight;
    const text = 'The publication got no acknowledgement.';
    const notSent = `The publication was not sent: ${why}.`;
    this.#fail(entry, wasNeverSent ? new BusError('UNAVAILABLE', notSent) : unknownOutcome(text));
  }

  #fail(entry: Entry, error: BusError): void {
    this.#remove(entry);
    entry.reject(error);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    entry.deadlineTimer.cancel();
    entry.retryTimer?.cancel();
  }
}

/** A repetition that is refused says nothing about the first sending. */
function asUnknown(error: BusError): BusError {
  return error.details['indeterminate'] === true
    ? error
    : unknownOutcome('The publication got no acknowledgement.', error);
}
