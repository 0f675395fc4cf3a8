import { PermissionViolationError, connect } from '@nats-io/transport-node';
import type { NatsConnection, TlsOptions } from '@nats-io/transport-node';
import { BusError } from '@arqonbus/protocol';
import type { SpineStatus, SpineSubscription } from '../spine.ts';
import { INBOX_ROOT } from './inbox.ts';

/** How to reach NATS, and as whom. */
export interface NatsLinkOptions {
  /** `nats://host:port` or `tls://host:port`, one or more of a cluster. */
  readonly servers: readonly string[];
  /** Shown by the server's monitoring: service and node. */
  readonly name: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: TlsOptions | undefined;
  /** First tokens of the subjects on which this user may receive replies (SPN-2); begins with `_INBOX`, the default. */
  readonly inboxPrefix?: string | undefined;
  /** Middle of the pause between two tries to reconnect; each pause is 50 % to 150 % of it. Default 500. */
  readonly reconnectDelayMs?: number;
  /** A server that leaves two pings of this interval unanswered is given up. Default 5,000. */
  readonly pingIntervalMs?: number;
  /** Told what goes wrong where nobody waits for it: refusals by the server, handlers that throw. */
  readonly onError?: (error: unknown) => void;
  /** From 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

const DEFAULT_RECONNECT_DELAY_MS = 500;
const DEFAULT_PING_INTERVAL_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/** Connects, or throws `UNAVAILABLE`. Once connected, a lost connection is sought again for ever, with jitter (SPN-4). */
export async function connectNats(options: NatsLinkOptions): Promise<NatsLink> {
  const inboxPrefix = options.inboxPrefix ?? INBOX_ROOT;
  if (!inboxPrefix.startsWith(INBOX_ROOT)) throw new Error(`an inbox begins with ${INBOX_ROOT}: nobody answers others`);
  const random = options.random ?? Math.random;
  const delayMs = options.reconnectDelayMs ?? DEFAULT_RECONNECT_DELAY_MS;
  try {
    const connection = await connect({
      servers: [...options.servers],
      name: options.name,
      ...(options.user === undefined ? {} : { user: options.user, pass: options.password ?? '' }),
      ...(options.tls === undefined ? {} : { tls: options.tls }),
      inboxPrefix,
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: options.pingIntervalMs ?? DEFAULT_PING_INTERVAL_MS,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => delayMs * (0.5 + random()),
      // Else a password that is wrong for a while, as during a rotation, ends the connection for good.
      ignoreAuthErrorAbort: true,
      noAsyncTraces: true,
    });
    return new NatsLink(connection, inboxPrefix, options.onError ?? (() => undefined));
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'NATS cannot be reached.', { cause });
  }
}

/**
 * A connection and whether it can be used. `connected` is told only once the server has answered after it got all
 * subscriptions again, so whoever hears it misses nothing from then on.
 */
export class NatsLink {
  readonly connection: NatsConnection;
  /** First tokens of the subjects on which replies may come. */
  readonly inboxPrefix: string;
  readonly #onError: (error: unknown) => void;
  readonly #listeners = new Set<(status: SpineStatus) => void>();
  #onRefused: (subject: string, error: Error) => void = () => undefined;
  #status: SpineStatus = 'connected';
  #losses = 0;
  #maxPayload: number;

  constructor(connection: NatsConnection, inboxPrefix: string, onError: (error: unknown) => void) {
    this.connection = connection;
    this.inboxPrefix = inboxPrefix;
    this.#onError = onError;
    this.#maxPayload = connection.info?.max_payload ?? Number.POSITIVE_INFINITY;
    void this.#follow();
  }

  get isConnected(): boolean {
    return this.#status === 'connected';
  }

  /** Bytes of the largest message that the server takes. */
  get maxPayloadBytes(): number {
    return this.#maxPayload;
  }

  status(): SpineStatus {
    return this.#status;
  }

  /** Tells every change of status; what a listener throws is reported. */
  onStatus(listener: (status: SpineStatus) => void): SpineSubscription {
    this.#listeners.add(listener);
    return { unsubscribe: () => void this.#listeners.delete(listener) };
  }

  /** Tells the one listener there may be each time that the server refuses a publication (SPN-2), and its subject. */
  onRefused(listener: (subject: string, error: Error) => void): void {
    this.#onRefused = listener;
  }

  /** Goes to the next server that it knows, as if this one had ended the connection. */
  leave(): Promise<void> {
    return this.connection.reconnect();
  }

  /** Ends the connection once the server has sent what it had for it. */
  async drain(): Promise<void> {
    // Before: whoever reads over this connection is to end, not to tell of a loss.
    this.#set('closed');
    await this.connection.drain();
  }

  /** Ends the connection at once. Idempotent. */
  async close(): Promise<void> {
    this.#set('closed');
    await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const event of this.connection.status()) {
      switch (event.type) {
        case 'disconnect':
        case 'staleConnection':
          this.#losses++;
          this.#set('disconnected');
          break;
        case 'reconnect':
          void this.#confirm(this.#losses);
          break;
        case 'error':
          this.#report(event.error);
          break;
        default:
      }
    }
    this.#set('closed');
  }

  #report(error: Error): void {
    if (error instanceof PermissionViolationError && error.operation === 'publish') {
      this.#onRefused(error.subject, error);
    }
    this.#onError(error);
  }

  async #confirm(losses: number): Promise<void> {
    try {
      await this.connection.flush();
    } catch (error) {
      // Lost again: the next reconnect confirms.
      this.#onError(error);
      return;
    }
    if (losses !== this.#losses) return;
    this.#maxPayload = this.connection.info?.max_payload ?? this.#maxPayload;
    this.#set('connected');
  }

  #set(status: SpineStatus): void {
    if (this.#status === status || this.#status === 'closed') return;
    this.#status = status;
    for (const listener of this.#listeners) {
      try {
        listener(status);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
