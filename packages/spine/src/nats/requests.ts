import { randomBytes } from 'node:crypto';
import { createInbox, headers } from '@nats-io/transport-node';
import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import { BusError } from '@arqonbus/protocol';
import type { Subject } from '../subjects/subject.ts';
import { isForShields } from '../subjects/subjects.ts';
import { userToken } from '../subjects/tokens.ts';
import { DEADLINE_HEADER, formatDeadline } from './deadline-header.ts';
import { edgeInboxPrefix } from './inbox.ts';
import type { NatsLink } from './nats-link.ts';

interface Waiting {
  readonly subject: Subject;
  resolve(reply: Uint8Array): void;
  reject(error: BusError): void;
}

/** What goes beside the data of a request, in headers. */
export interface Beside {
  /** A stream stores messages of the same id once. */
  readonly messageId?: string | undefined;
  /** A stream stores the message only behind this one of its subject, 0 = if there is none. */
  readonly expectedSeq?: number | undefined;
  /** Who published what a stream stores. */
  readonly user?: string | undefined;
  /** W3C trace context, for a server (TEL-3). */
  readonly traceparent?: string | undefined;
}

const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
const EXPECTED_SEQ_HEADER = 'Nats-Expected-Last-Subject-Sequence';

/** Who published a stored message, with `=XX` for what a header may not hold. Clients never see it. */
export const USER_HEADER = 'Arqon-User';

/** Where the trace context of a request stands. */
export const TRACE_HEADER = 'traceparent';

/** What the server says in place of an answer where nobody listens. */
const NO_RESPONDERS = 503;

/**
 * Requests that wait for their first answer, on one subscription for what Shields answer and one for all else. In place of
 * those of nats.js, which stop reading the whole connection when the header of an answer cannot be read (SPN-3): here such
 * an answer is reported and dropped.
 */
export class Requests {
  readonly #link: NatsLink;
  readonly #onError: (error: unknown, subject: Subject) => void;
  readonly #inbox: string;
  readonly #edgeInbox: string;
  /** Of the clock that the deadlines of requests are told by. */
  readonly #sender = randomBytes(8).toString('hex');
  readonly #waiting = new Map<string, Waiting>();
  readonly #subscribed = new Set<string>();
  #last = 0;

  constructor(link: NatsLink, onError: (error: unknown, subject: Subject) => void) {
    this.#link = link;
    this.#onError = onError;
    this.#inbox = `${createInbox(link.inboxPrefix)}.`;
    this.#edgeInbox = `${createInbox(edgeInboxPrefix(link.inboxPrefix))}.`;
    link.onStatus((status) => {
      if (status === 'closed') this.#failAll(new BusError('UNAVAILABLE', 'The Spine is closed.'));
      // What was asked may have been done: the answer is lost with the connection (SPN-8).
      else if (status === 'disconnected') this.#failAll(new BusError('TIMEOUT'));
    });
    link.onRefused((subject, cause) => {
      const error = new BusError('UNAVAILABLE', undefined, { cause });
      for (const waiting of this.#waiting.values()) if (waiting.subject === subject) waiting.reject(error);
    });
  }

  /**
   * Asks now. Rejects with `TIMEOUT`, with `NOT_FOUND` where nobody listens, with `UNAVAILABLE` for all else. What is for
   * a stream has a `messageId` and no deadline: a stream does not look at it, and would keep it.
   */
  async send(subject: Subject, data: Uint8Array, deadlineMs: number, beside: Beside): Promise<Uint8Array> {
    const sentMs = performance.now();
    const leftMs = deadlineMs - sentMs;
    if (leftMs <= 0) throw new BusError('TIMEOUT');
    const token = (++this.#last).toString(36);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        timer = setTimeout(() => reject(new BusError('TIMEOUT')), leftMs);
        this.#waiting.set(token, { subject, resolve, reject });
        const inbox = isForShields(subject) ? this.#edgeInbox : this.#inbox;
        this.#subscribe(inbox);
        const reply = inbox + token;
        const { messageId, expectedSeq, user, traceparent } = beside;
        const all =
          messageId === undefined
            ? headerOf(DEADLINE_HEADER, formatDeadline({ leftMs, sentMs, sender: this.#sender }))
            : headerOf(MESSAGE_ID_HEADER, messageId);
        if (expectedSeq !== undefined) all.set(EXPECTED_SEQ_HEADER, `${expectedSeq}`);
        if (user !== undefined) all.set(USER_HEADER, userToken(user));
        if (traceparent !== undefined) all.set(TRACE_HEADER, traceparent);
        this.#link.connection.publish(subject, data, { reply, headers: all });
      });
    } catch (cause) {
      throw cause instanceof BusError ? cause : new BusError('UNAVAILABLE', undefined, { cause });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(token);
    }
  }

  #subscribe(inbox: string): void {
    if (this.#subscribed.has(inbox)) return;
    this.#subscribed.add(inbox);
    this.#link.connection.subscribe(`${inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.#take(message, inbox);
        else this.#end(error, inbox);
      },
    });
  }

  #take(message: Msg, inbox: string): void {
    const waiting = this.#waiting.get(message.subject.slice(inbox.length));
    // Somebody else answered first, or it is too late.
    if (waiting === undefined) return;
    try {
      const isRefusal = message.data.length === 0 && message.headers?.code === NO_RESPONDERS;
      if (isRefusal) waiting.reject(new BusError('NOT_FOUND', 'Nobody serves this request.'));
      else waiting.resolve(message.data);
    } catch (error) {
      this.#onError(error, waiting.subject);
    }
  }

  /** The server has refused the subscription: no answer will come. A later request tries again. */
  #end(cause: Error, inbox: string): void {
    this.#subscribed.delete(inbox);
    this.#failAll(new BusError('UNAVAILABLE', undefined, { cause }));
  }

  #failAll(error: BusError): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
  }
}

function headerOf(name: string, value: string): MsgHdrs {
  const all = headers();
  all.set(name, value);
  return all;
}
