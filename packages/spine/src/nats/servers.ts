import type { Msg, Subscription } from '@nats-io/transport-node';
import { BusError } from '@arqonbus/protocol';
import { deadlineIn } from '../deadline.ts';
import type { RequestHandler, SpineSubscription } from '../spine.ts';
import type { SubjectFilter } from '../subjects/subject.ts';
import { DEADLINE_HEADER, parseDeadline } from './deadline-header.ts';
import { parseInbox } from './inbox.ts';
import type { NatsLink } from './nats-link.ts';
import type { Outbox } from './outbox.ts';
import { RequestAges } from './request-ages.ts';
import { TRACE_HEADER } from './requests.ts';
import type { OnDeliveryError } from './subscriptions.ts';

/** How long somebody is taken to wait who does not say it: none of ours. */
const UNTOLD_MS = 60_000;

/**
 * Answers requests. Replies leave through the outbox like everything else; a handler that throws stays silent, and one
 * that is asked from elsewhere than an inbox, or after the request's deadline, is not called.
 */
export class Servers {
  readonly #link: NatsLink;
  readonly #outbox: Outbox;
  readonly #onError: OnDeliveryError;
  readonly #ages = new RequestAges();
  readonly #open = new Set<SpineSubscription>();
  readonly #draining = new Set<Promise<void>>();
  readonly #working = new Set<Promise<void>>();

  constructor(link: NatsLink, outbox: Outbox, onError: OnDeliveryError) {
    this.#link = link;
    this.#outbox = outbox;
    this.#onError = onError;
  }

  add(filter: SubjectFilter, handler: RequestHandler, queue: string | undefined): SpineSubscription {
    const subscription = this.#link.connection.subscribe(filter, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) this.#onError(error, filter);
        else this.#take(message, filter, handler);
      },
    });
    const server: SpineSubscription = {
      unsubscribe: () => {
        if (this.#open.delete(server)) this.#drain(subscription);
      },
    };
    this.#open.add(server);
    return server;
  }

  /** Stops serving; resolves once every request that was on its way here has its reply in the outbox. */
  async end(): Promise<void> {
    for (const server of this.#open) server.unsubscribe();
    await Promise.all(this.#draining);
    await Promise.all(this.#working);
  }

  /** What the server has routed here is answered still: nobody else will. */
  #drain(subscription: Subscription): void {
    if (!this.#link.isConnected) {
      subscription.unsubscribe();
      return;
    }
    const draining = subscription.drain().catch(() => undefined);
    this.#draining.add(draining);
    void draining.then(() => this.#draining.delete(draining));
  }

  #take(message: Msg, filter: SubjectFilter, handler: RequestHandler): void {
    // A publication is for subscribers alone.
    if (!message.reply) return;
    const work = this.#answer(message, filter, handler);
    this.#working.add(work);
    void work.then(() => this.#working.delete(work));
  }

  async #answer(message: Msg, filter: SubjectFilter, handler: RequestHandler): Promise<void> {
    try {
      const inbox = parseInbox(message.reply ?? '');
      const traceparent = message.headers?.get(TRACE_HEADER) ?? '';
      const answer = await handler(message.data, this.#deadlineOf(message), traceparent);
      if (answer !== undefined) this.#outbox.publish(inbox, answer);
    } catch (error) {
      this.#onError(error, filter);
    }
  }

  /** By the own clock. */
  #deadlineOf({ headers }: Msg): number {
    const value = headers?.get(DEADLINE_HEADER) ?? '';
    if (value === '') return deadlineIn(UNTOLD_MS);
    const header = parseDeadline(value);
    const nowMs = performance.now();
    const leftMs = header.leftMs - this.#ages.ageOf(header, nowMs);
    if (leftMs <= 0) throw new BusError('TIMEOUT', 'a request that came after its deadline');
    return nowMs + leftMs;
  }
}
