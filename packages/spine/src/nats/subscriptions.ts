import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { SpineMessage, SpineSubscription } from '../spine.ts';
import { hasWildcard } from '../subjects/match-filter.ts';
import type { Subject, SubjectFilter } from '../subjects/subject.ts';
import { POSITION_HEADERS } from './position-headers.ts';

interface Listener {
  readonly onMessage: (message: SpineMessage) => void;
  isActive: boolean;
}

/** One NATS subscription and all that listen on its filter. */
interface Group {
  readonly filter: SubjectFilter;
  /** The subject of every message, where the filter has no wildcard: nothing to decode then. */
  readonly subject: Subject | undefined;
  subscription: Subscription | undefined;
  /** Replaced, never changed, so that it may be walked while members come and go. */
  listeners: readonly Listener[];
}

/** Told what a listener threw or what could not be read, and its subject. */
export type OnDeliveryError = (error: unknown, subject: SubjectFilter) => void;

/** Deliveries by filter: one NATS subscription for each, however many listen. Nothing is thrown at nats.js. */
export class Subscriptions {
  readonly #connection: NatsConnection;
  readonly #onError: OnDeliveryError;
  readonly #groups = new Map<string, Group>();

  constructor(connection: NatsConnection, onError: OnDeliveryError) {
    this.#connection = connection;
    this.#onError = onError;
  }

  add(filter: SubjectFilter, onMessage: (message: SpineMessage) => void): SpineSubscription {
    const group = this.#groups.get(filter) ?? this.#open(filter);
    const listener: Listener = { onMessage, isActive: true };
    group.listeners = [...group.listeners, listener];
    return { unsubscribe: () => this.#remove(group, listener) };
  }

  #open(filter: SubjectFilter): Group {
    const subject = hasWildcard(filter) ? undefined : (filter as Subject);
    const group: Group = { filter, subject, subscription: undefined, listeners: [] };
    group.subscription = this.#connection.subscribe(filter, {
      callback: (error, message) => {
        if (error === null) this.#deliver(group, message);
        else this.#end(group, error);
      },
    });
    this.#groups.set(filter, group);
    return group;
  }

  #remove(group: Group, listener: Listener): void {
    if (!listener.isActive) return;
    listener.isActive = false;
    group.listeners = group.listeners.filter((other) => other !== listener);
    if (group.listeners.length > 0 || this.#groups.get(group.filter) !== group) return;
    this.#groups.delete(group.filter);
    group.subscription?.unsubscribe();
  }

  /** The server has refused the subscription: nothing will come. A later `add` tries again. */
  #end(group: Group, error: Error): void {
    if (this.#groups.get(group.filter) === group) this.#groups.delete(group.filter);
    this.#onError(error, group.filter);
  }

  #deliver(group: Group, received: Msg): void {
    try {
      // What asks for a reply is a request, and for servers alone.
      if (received.reply) return;
      const message = toMessage(group.subject ?? (received.subject as Subject), received);
      for (const listener of group.listeners) this.#tell(listener, message);
    } catch (error) {
      this.#onError(error, group.filter);
    }
  }

  #tell(listener: Listener, message: SpineMessage): void {
    if (!listener.isActive) return;
    try {
      listener.onMessage(message);
    } catch (error) {
      this.#onError(error, message.subject);
    }
  }
}

/** Throws for a position that is no number (SPN-3): such a message is dropped. */
function toMessage(subject: Subject, { data, headers }: Msg): SpineMessage {
  if (headers === undefined) return { subject, data, seq: 0, prevSeq: 0 };
  return {
    subject,
    data,
    seq: parsePosition(headers.get(POSITION_HEADERS.seq)),
    prevSeq: parsePosition(headers.get(POSITION_HEADERS.prevSeq)),
    stream: headers.get('Nats-Stream'),
  };
}

function parsePosition(text: string): number {
  if (text === '') return 0;
  const position = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(position)) throw new Error('a message without a readable position');
  return position;
}
