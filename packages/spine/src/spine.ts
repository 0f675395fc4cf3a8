import type { Subject, SubjectFilter } from './subjects/subject.ts';

/** A message as it arrives from the Spine. */
export interface SpineMessage {
  readonly subject: Subject;
  /** Encoded `arqon.v1` bytes. Valid as long as the receiver likes; never written to by anybody. */
  readonly data: Uint8Array;
  /** Position given by the channel's log, where the message comes through one (LOG-3); 0 = live. */
  readonly seq: number;
  /** Sequence of the publication before it in the channel; 0 = none known. */
  readonly prevSeq: number;
  /** The stream that stored it, where its log has several; two of them may give the same sequence. */
  readonly stream?: string;
}

/** An interest that ends when its owner says so. */
export interface SpineSubscription {
  /** No message is delivered after this returns. Idempotent. */
  unsubscribe(): void;
}

/**
 * Answers a request: the reply's bytes, or `undefined` for silence (another responder may know better). At `deadlineMs`
 * (see `deadlineIn`) whoever asks stops waiting: what the answer needs of others must come before. The trace context is
 * that of the request; '' = none.
 */
export type RequestHandler = (
  data: Uint8Array,
  deadlineMs: number,
  traceparent: string,
) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

/** Whether the Spine can be used right now. */
export type SpineStatus = 'connected' | 'disconnected' | 'closed';

/**
 * The only road between services (ARC-1). Failed calls are `BusError`s: `UNAVAILABLE` when not connected or too much is
 * unflushed (SPN-8), `TIMEOUT` when no answer came in time, `NOT_FOUND` when nobody serves a request's subject. Where
 * only subscribers listen on it, an adapter may not be able to tell, and ends it with `TIMEOUT`.
 *
 * Order: messages that one Spine publishes on one subject arrive in that order everywhere (PRT-19).
 */
export interface Spine {
  /** Sends without waiting; throws `UNAVAILABLE`. The Spine does not keep `data` beyond the turn; callers may not change it. */
  publish(subject: Subject, data: Uint8Array): void;
  /** Delivers each message on a matching subject, in order, one at a time. Interest is active when this returns. */
  subscribe(filter: SubjectFilter, onMessage: (message: SpineMessage) => void): SpineSubscription;
  /**
   * Sends, with a trace context where there is one, and waits for the first answer, at most `timeoutMs`: a server that
   * gets to it later does not answer.
   */
  request(subject: Subject, data: Uint8Array, timeoutMs: number, traceparent?: string): Promise<Uint8Array>;
  /**
   * Answers requests. With `queue`, one member of that queue answers each; without, every server may. Once unsubscribed
   * it still answers what is on its way to it, so `handler` may be called a little longer.
   */
  serve(filter: SubjectFilter, handler: RequestHandler, queue?: string): SpineSubscription;
  /** Resolves once the Spine has accepted everything published before (the `ack` of a `live` publication). */
  flush(): Promise<void>;
  status(): SpineStatus;
  /** Tells every change of status. */
  onStatus(listener: (status: SpineStatus) => void): SpineSubscription;
  /** Finishes what is in flight, requests that are on their way here included, then closes; every later call is refused. */
  close(): Promise<void>;
}
