import type { NatsConnection } from '@nats-io/transport-node';
import { BusError } from '@arqonbus/protocol';
import type { RequestHandler, Spine, SpineMessage, SpineStatus, SpineSubscription } from '../spine.ts';
import type { Subject, SubjectFilter } from '../subjects/subject.ts';
import { leaveLeaderless } from './leave-leaderless.ts';
import { connectNats } from './nats-link.ts';
import type { NatsLink, NatsLinkOptions } from './nats-link.ts';
import { Outbox } from './outbox.ts';
import type { Beside } from './requests.ts';
import { Servers } from './servers.ts';
import { Subscriptions } from './subscriptions.ts';

/** The Spine on NATS, with what other adapters on the same connection need. */
export interface NatsSpine extends Spine {
  /** For JetStream and key-value buckets; nothing but the adapters may publish or subscribe on it (SPN-5). */
  readonly connection: NatsConnection;
  /** First tokens of the subjects on which it may receive what was asked for. */
  readonly inboxPrefix: string;
  /** Bytes of the largest message that the servers take. */
  readonly maxPayloadBytes: number;
  /** Bytes that the servers have not confirmed, wherever they lie. */
  readonly unflushedBytes: number;
  /**
   * As `request`, for what a stream stores: messages of the same id once within its window (LOG-5), and where
   * `expectedSeq` is given, only if it is that of the subject's last message, 0 = if there is none (LOG-17). `user`, who
   * published it, is stored beside it.
   */
  store(
    subject: Subject,
    data: Uint8Array,
    messageId: string,
    timeoutMs: number,
    beside?: Pick<Beside, 'expectedSeq' | 'user'>,
  ): Promise<Uint8Array>;
  /** As `publish`, for a message that has a position already: given by a log that does not deliver by itself. */
  deliver(message: SpineMessage): void;
}

/** What a Spine on NATS can be given. */
export interface NatsSpineOptions extends Omit<NatsLinkOptions, 'onError'> {
  /** Bytes that NATS has not confirmed, beyond which publishing is refused (SPN-8). Default 8 MiB. */
  readonly maxUnflushedBytes?: number;
  /** How long a flush may take before it fails with `TIMEOUT`. Default 5,000. */
  readonly flushTimeoutMs?: number;
  /** How long closing may wait for what is in flight. Default 5,000. */
  readonly closeTimeoutMs?: number;
  /**
   * Told what a handler threw, what could not be read (SPN-3) and what the server refused; the subject, where one is
   * concerned, else ''.
   */
  readonly onError?: (error: unknown, subject: SubjectFilter | '') => void;
}

const DEFAULT_MAX_UNFLUSHED_BYTES = 8_388_608;
const DEFAULT_TIMEOUT_MS = 5_000;

/** Connects to NATS, or throws `UNAVAILABLE`. See {@link Spine}; while disconnected every call is refused (SPN-4, SPN-8). */
export async function createNatsSpine(options: NatsSpineOptions): Promise<NatsSpine> {
  const { onError = () => undefined, ...linkOptions } = options;
  const link = await connectNats({ ...linkOptions, onError: (error) => onError(error, '') });
  const stopLooking =
    options.servers.length > 1
      ? await leaveLeaderless(link, { servers: options.servers.length, onLeft: (reason) => onError(reason, '') })
      : () => undefined;
  return new SpineOnNats(link, options, onError, stopLooking);
}

class SpineOnNats implements NatsSpine {
  readonly connection: NatsConnection;
  readonly #link: NatsLink;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #servers: Servers;
  readonly #closeTimeoutMs: number;
  readonly #stopLooking: () => void;
  #closed: Promise<void> | undefined;
  #isRefusing = false;

  constructor(
    link: NatsLink,
    options: NatsSpineOptions,
    onError: (error: unknown, subject: SubjectFilter | '') => void,
    stopLooking: () => void,
  ) {
    this.#link = link;
    this.#stopLooking = stopLooking;
    this.connection = link.connection;
    this.#closeTimeoutMs = options.closeTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#outbox = new Outbox(link, {
      maxUnflushedBytes: options.maxUnflushedBytes ?? DEFAULT_MAX_UNFLUSHED_BYTES,
      flushTimeoutMs: options.flushTimeoutMs ?? DEFAULT_TIMEOUT_MS,
      onError,
    });
    this.#subscriptions = new Subscriptions(link.connection, onError);
    this.#servers = new Servers(link, this.#outbox, onError);
  }

  get inboxPrefix(): string {
    return this.#link.inboxPrefix;
  }

  get maxPayloadBytes(): number {
    return this.#link.maxPayloadBytes;
  }

  get unflushedBytes(): number {
    return this.#outbox.unflushedBytes;
  }

  publish(subject: Subject, data: Uint8Array): void {
    this.#assertOpen();
    this.#outbox.publish(subject, data);
  }

  deliver({ subject, data, seq, prevSeq }: SpineMessage): void {
    this.#assertOpen();
    this.#outbox.publish(subject, data, { seq, prevSeq });
  }

  subscribe(filter: SubjectFilter, onMessage: (message: SpineMessage) => void): SpineSubscription {
    this.#assertUsable();
    return this.#subscriptions.add(filter, onMessage);
  }

  async request(subject: Subject, data: Uint8Array, timeoutMs: number, traceparent?: string): Promise<Uint8Array> {
    this.#assertOpen();
    return this.#outbox.request(subject, data, timeoutMs, { traceparent });
  }

  async store(
    subject: Subject,
    data: Uint8Array,
    messageId: string,
    timeoutMs: number,
    beside?: Pick<Beside, 'expectedSeq' | 'user'>,
  ): Promise<Uint8Array> {
    this.#assertOpen();
    return this.#outbox.request(subject, data, timeoutMs, { ...beside, messageId });
  }

  serve(filter: SubjectFilter, handler: RequestHandler, queue?: string): SpineSubscription {
    this.#assertUsable();
    return this.#servers.add(filter, handler, queue);
  }

  async flush(): Promise<void> {
    this.#assertOpen();
    await this.#outbox.flush();
  }

  status(): SpineStatus {
    return this.#link.status();
  }

  onStatus(listener: (status: SpineStatus) => void): SpineSubscription {
    return this.#link.onStatus(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stopLooking();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, this.#closeTimeoutMs)));
    await Promise.race([this.#finish(), tooLate]);
    clearTimeout(timer);
    this.#isRefusing = true;
    await this.#link.close();
  }

  /** Waits for open requests, both ways, and for the server to have got everything; gives up with the connection. */
  async #finish(): Promise<void> {
    try {
      // What was asked before goes out before. Those that answer may ask others, and write what they promise.
      await this.#outbox.flush();
      await this.#servers.end();
      this.#isRefusing = true;
      await this.#outbox.answered();
      await this.#outbox.flush();
      await this.#link.drain();
    } catch {
      // Not connected: what was in flight is lost, and whoever waited for it has been told.
    }
  }

  #assertOpen(): void {
    if (this.#isRefusing) throw new BusError('UNAVAILABLE', 'The Spine is closed.');
  }

  #assertUsable(): void {
    this.#assertOpen();
    if (!this.#link.isConnected) throw new BusError('UNAVAILABLE', 'The Spine is not connected.');
  }
}
