import { BusError } from '@arqonbus/protocol';
import type { RequestHandler, Spine, SpineMessage, SpineStatus, SpineSubscription } from '../spine.ts';
import { matchesFilter } from '../subjects/match-filter.ts';
import type { Subject, SubjectFilter } from '../subjects/subject.ts';
import { LocalRequests } from './local-requests.ts';
import type { PendingRequest, StartTimer } from './local-requests.ts';
import { SubscriptionTable } from './subscription-table.ts';
import type { Interest } from './subscription-table.ts';

/** The in-process Spine, with what the in-memory log needs of it. */
export interface LocalSpine extends Spine {
  /** Delivers a message that has a position already, in order with everything published. Never throws. */
  deliver(message: SpineMessage): void;
  /** How many times a handler of a message, request or status has failed. */
  handlerFailures(): number;
}

/** What a local Spine can be given. */
export interface LocalSpineOptions {
  /** Told what a handler threw, and the subject it was called for (empty for a change of status). */
  readonly onError?: (error: unknown, subject: Subject | '') => void;
  /** Runs the delivery of what was published, soon and once. Default `setImmediate`. */
  readonly schedule?: (run: () => void) => void;
  /** Deadlines of requests. Default `setTimeout`. */
  readonly startTimer?: StartTimer;
  /** Bytes published and not yet delivered, beyond which publishing is refused. Default 64 MiB. */
  readonly maxPendingBytes?: number;
}

/**
 * Makes a Spine inside one process, with the semantics of the one on NATS: publishing returns before anybody is told,
 * deliveries keep their order, requests find servers or fail, and a handler that throws harms nobody else.
 *
 * Everything published in one turn of the event loop is delivered in its check phase (`setImmediate`), in one batch:
 * deliveries of a turn then share one write per socket. What a delivery publishes comes in the next turn.
 */
export function createLocalSpine(options: LocalSpineOptions = {}): LocalSpine {
  return new InProcessSpine(options);
}

const DEFAULT_MAX_PENDING_BYTES = 67_108_864;

const startTimeout: StartTimer = (run, afterMs) => {
  const timer = setTimeout(run, afterMs);
  return () => clearTimeout(timer);
};

interface Subscriber extends Interest {
  readonly onMessage: (message: SpineMessage) => void;
  /** Number of the first message that was published after it subscribed. */
  readonly since: number;
}

interface FlushWaiter {
  readonly upTo: number;
  readonly resolve: () => void;
}

class InProcessSpine implements LocalSpine {
  readonly #subscribers = new SubscriptionTable<Subscriber>();
  readonly #statusListeners = new Set<(status: SpineStatus) => void>();
  readonly #requests: LocalRequests;
  readonly #schedule: (run: () => void) => void;
  readonly #onError: (error: unknown, subject: Subject | '') => void;
  readonly #maxPendingBytes: number;
  readonly #runDrain = (): void => this.#drain();
  #status: SpineStatus = 'connected';
  #isClosing = false;
  #failures = 0;
  #pending: (SpineMessage | PendingRequest)[] = [];
  #pendingBytes = 0;
  #published = 0;
  #delivered = 0;
  #flushes: FlushWaiter[] = [];

  constructor(options: LocalSpineOptions) {
    this.#schedule = options.schedule ?? ((run) => void setImmediate(run));
    this.#maxPendingBytes = options.maxPendingBytes ?? DEFAULT_MAX_PENDING_BYTES;
    this.#onError = (error, subject) => {
      this.#failures++;
      options.onError?.(error, subject);
    };
    this.#requests = new LocalRequests(options.startTimer ?? startTimeout, this.#onError);
  }

  publish(subject: Subject, data: Uint8Array): void {
    this.#assertRoom();
    this.#enqueue({ subject, data, seq: 0, prevSeq: 0 });
  }

  deliver(message: SpineMessage): void {
    this.#enqueue(message);
  }

  subscribe(filter: SubjectFilter, onMessage: (message: SpineMessage) => void): SpineSubscription {
    this.#assertOpen();
    const subscriber: Subscriber = { filter, onMessage, since: this.#published, active: true };
    this.#subscribers.add(subscriber);
    return { unsubscribe: () => this.#subscribers.remove(subscriber) };
  }

  async request(subject: Subject, data: Uint8Array, timeoutMs: number, traceparent = ''): Promise<Uint8Array> {
    this.#assertRoom();
    return this.#requests.open({ subject, data, traceparent }, timeoutMs, (request) => this.#enqueue(request));
  }

  serve(filter: SubjectFilter, handler: RequestHandler, queue?: string): SpineSubscription {
    this.#assertOpen();
    return this.#requests.serve(filter, handler, queue);
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    await this.#flushed();
  }

  status(): SpineStatus {
    return this.#status;
  }

  onStatus(listener: (status: SpineStatus) => void): SpineSubscription {
    this.#statusListeners.add(listener);
    return { unsubscribe: () => void this.#statusListeners.delete(listener) };
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await this.#flushed();
    await this.#requests.settled();
    this.#subscribers.clear();
    this.#requests.clear();
    this.#setStatus('closed');
  }

  handlerFailures(): number {
    return this.#failures;
  }

  #assertOpen(): void {
    if (this.#isClosing) throw new BusError('UNAVAILABLE', 'The Spine is closed.');
  }

  #assertRoom(): void {
    this.#assertOpen();
    if (this.#pendingBytes > this.#maxPendingBytes) {
      throw new BusError('UNAVAILABLE', 'Too much is waiting to be delivered.');
    }
  }

  #enqueue(item: SpineMessage | PendingRequest): void {
    if (this.#pending.length === 0) this.#schedule(this.#runDrain);
    this.#pending.push(item);
    this.#pendingBytes += item.data.length;
    this.#published++;
  }

  #drain(): void {
    const batch = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    for (const item of batch) {
      if ('settle' in item) this.#requests.dispatch(item);
      else this.#hand(item);
      this.#delivered++;
    }
    if (this.#flushes.length > 0) this.#finishFlushes();
  }

  #hand(message: SpineMessage): void {
    for (const subscriber of this.#subscribers.exact(message.subject)) this.#tell(subscriber, message);
    for (const subscriber of this.#subscribers.wild()) {
      if (matchesFilter(subscriber.filter, message.subject)) this.#tell(subscriber, message);
    }
  }

  #tell(subscriber: Subscriber, message: SpineMessage): void {
    if (!subscriber.active || this.#delivered < subscriber.since) return;
    try {
      subscriber.onMessage(message);
    } catch (error) {
      this.#onError(error, message.subject);
    }
  }

  #flushed(): Promise<void> {
    if (this.#delivered === this.#published) return Promise.resolve();
    return new Promise((resolve) => this.#flushes.push({ upTo: this.#published, resolve }));
  }

  #finishFlushes(): void {
    const done = this.#flushes.filter((waiter) => waiter.upTo <= this.#delivered);
    this.#flushes = this.#flushes.filter((waiter) => waiter.upTo > this.#delivered);
    for (const waiter of done) waiter.resolve();
  }

  #setStatus(status: SpineStatus): void {
    this.#status = status;
    for (const listener of this.#statusListeners) {
      try {
        listener(status);
      } catch (error) {
        this.#onError(error, '');
      }
    }
  }
}
