import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { RequestHandler, SpineSubscription } from '../spine.ts';
import type { SubjectFilter } from '../subjects/subject.ts';
import { parseInbox } from './inbox.ts';
import type { Outbox } from './outbox.ts';
import type { OnDeliveryError } from './subscriptions.ts';

/**
 * Answers requests. Replies leave through the outbox like everything else; a handler that throws stays silent, and one
 * that is asked from elsewhere than an inbox is not called.
 */
export class Servers {
  readonly #connection: NatsConnection;
  readonly #outbox: Outbox;
  readonly #onError: OnDeliveryError;
  readonly #working = new Set<Promise<void>>();

  constructor(connection: NatsConnection, outbox: Outbox, onError: OnDeliveryError) {
    this.#connection = connection;
    this.#outbox = outbox;
    this.#onError = onError;
  }

  add(filter: SubjectFilter, handler: RequestHandler, queue: string | undefined): SpineSubscription {
    let isActive = true;
    const subscription = this.#connection.subscribe(filter, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error !== null) this.#onError(error, filter);
        else if (isActive) this.#take(message, filter, handler);
      },
    });
    return {
      unsubscribe: () => {
        if (!isActive) return;
        isActive = false;
        subscription.unsubscribe();
      },
    };
  }

  /** Resolves once every request that is being worked on has its reply in the outbox. */
  async answered(): Promise<void> {
    await Promise.all(this.#working);
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
      const answer = await handler(message.data);
      if (answer !== undefined) this.#outbox.publish(inbox, answer);
    } catch (error) {
      this.#onError(error, filter);
    }
  }
}
