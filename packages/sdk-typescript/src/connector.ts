import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { ConnectionEnd } from './close-error.ts';
import { errorOfEnd } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';
import { failuresAfterLoss, IDLE, transition } from './connection-state.ts';
import type { ConnectionEvent, ConnectionState } from './connection-state.ts';
import type { PageEvents } from './page-events.ts';
import { reactToEnd } from './reconnect-policy.ts';
import { RetryTimer } from './retry-timer.ts';
import { SocketConnection } from './socket-connection.ts';
import type { TokenSource } from './token-source.ts';
import type { WebSocketConstructor } from './web-socket-port.ts';
import type { Welcome } from './welcome.ts';
import type { EncodedFrame, WireFormat } from './wire-format.ts';

/** What the connector needs to open sockets. */
export interface ConnectorSettings {
  readonly webSocket: WebSocketConstructor;
  readonly url: string;
  readonly format: WireFormat;
  readonly tokens: TokenSource;
  readonly pageEvents: PageEvents;
  readonly clock: Clock;
  readonly random: () => number;
  readonly welcomeTimeoutMs: number;
}

/** What the connector tells its owner. None of these may throw. */
export interface ConnectorListener {
  onState(state: ConnectionState): void;
  onWelcome(welcome: Welcome): void;
  onEnvelope(envelope: Envelope): void;
  onBadFrame(error: BusError): void;
  /** A try or a connection came to its end, and another try follows. */
  onLost(error: BusError): void;
  /** The network has changed, or the page was asleep: an open connection may be dead without a word. */
  onDoubt(): void;
  /** The client is closed: by itself (no error), or because the server's word allows no other try. */
  onStop(error: BusError | undefined): void;
}

/** Keeps one connection open after the close-code table: the side effects of the state machine. */
export class Connector {
  #state: ConnectionState = IDLE;
  #connection: SocketConnection | undefined;
  #tokenTimer: Timer | undefined;
  #stopListening: (() => void) | undefined;
  #wasTokenFresh = false;
  /** Counts the tries: what belongs to an older one is ignored. */
  #try = 0;
  readonly #settings: ConnectorSettings;
  readonly #listener: ConnectorListener;
  readonly #retryTimer: RetryTimer;

  constructor(settings: ConnectorSettings, listener: ConnectorListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#retryTimer = new RetryTimer(settings.clock, settings.random, () => this.#retry());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Bytes that wait in the socket. */
  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  /** Starts connecting, from `idle` or `closed`; does nothing else. */
  start(): void {
    if (this.#state.kind !== 'idle' && this.#state.kind !== 'closed') return;
    this.#stopListening = this.#settings.pageEvents.listen({
      onOffline: () => this.#onNetwork(true),
      onOnline: () => this.#onNetwork(false),
      onAwake: () => this.#onAwake(),
    });
    this.#apply({ kind: 'connect' });
    void this.#open();
  }

  /** Hands a frame to the socket; false when not connected. */
  send(frame: EncodedFrame): boolean {
    return this.#state.kind === 'connected' && (this.#connection?.send(frame) ?? false);
  }

  /** The open connection turned out to be another client's (PRT-7); nobody is told, as its state is the same. */
  rename(welcome: Welcome): void {
    if (this.#state.kind === 'connected' && this.#state.welcome !== welcome) this.#state = { ...this.#state, welcome };
  }

  /** Gives the open connection up as lost; the next try follows. */
  drop(reason: string): void {
    this.#connection?.drop(1006, reason);
  }

  /** Closes for good; resolves when the socket has closed. */
  async stop(error: BusError | undefined): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#try++;
    this.#tokenTimer?.cancel();
    this.#retryTimer.cancel();
    this.#stopListening?.();
    const connection = this.#connection;
    this.#connection = undefined;
    this.#apply({ kind: 'stop', error }, () => this.#listener.onStop(error));
    await connection?.close();
  }

  async #open(): Promise<void> {
    const ownTry = ++this.#try;
    this.#tokenTimer = this.#settings.clock.setTimer(() => this.#onTokenLate(), this.#settings.welcomeTimeoutMs);
    try {
      const { token, isFresh } = await this.#settings.tokens.get();
      if (ownTry !== this.#try) return;
      this.#tokenTimer.cancel();
      this.#wasTokenFresh = isFresh;
      this.#connection = this.#openSocket(ownTry, token);
    } catch (thrown) {
      if (ownTry !== this.#try) return;
      this.#tokenTimer.cancel();
      this.#onOpenFailed(thrown);
    }
  }

  #onTokenLate(): void {
    this.#try++;
    this.#onOpenFailed(new BusError('AUTHENTICATION_FAILED', 'The token function gave no token in time.'));
  }

  #openSocket(ownTry: number, token: string): SocketConnection {
    const isCurrent = (): boolean => ownTry === this.#try;
    return new SocketConnection(
      { ...this.#settings, token },
      {
        onWelcome: (welcome) => isCurrent() && this.#onWelcome(welcome),
        onEnvelope: (envelope) => isCurrent() && this.#listener.onEnvelope(envelope),
        onBadFrame: (error) => isCurrent() && this.#listener.onBadFrame(error),
        onEnd: (end) => isCurrent() && this.#onEnd(end),
      },
    );
  }

  #onWelcome(welcome: Welcome): void {
    const event = { kind: 'welcomed', atMs: this.#settings.clock.now(), welcome } as const;
    this.#apply(event, () => this.#listener.onWelcome(welcome));
  }

  /** No token could be got (worth another try), or the socket's constructor refused its arguments (not worth one). */
  #onOpenFailed(thrown: unknown): void {
    if (!(thrown instanceof BusError)) {
      const text = 'The WebSocket could not be opened with this url and token.';
      void this.stop(new BusError('VALIDATION_ERROR', text, { cause: thrown }));
      return;
    }
    this.#onEnd({ code: 1006, reason: '', wasWelcomed: false, error: thrown, returnAtMs: 0 });
  }

  #onEnd(end: ConnectionEnd): void {
    const { clock, pageEvents, random, tokens } = this.#settings;
    const nowMs = clock.now();
    const isOffline = pageEvents.isOffline();
    const failures = failuresAfterLoss(this.#state, nowMs, isOffline);
    const reaction = reactToEnd(end, {
      failures,
      nowMs,
      canRenewToken: tokens.canRenew,
      wasTokenFresh: this.#wasTokenFresh,
      random,
    });
    const error = errorOfEnd(end);
    this.#connection = undefined;
    if (reaction.kind === 'stop') {
      void this.stop(error);
      return;
    }
    if (reaction.needsNewToken) tokens.discard();
    const wait = this.#retryTimer.begin(reaction.delayMs, reaction.askedForMs, isOffline);
    this.#apply({ kind: 'lost', failures, wait, error }, () => this.#listener.onLost(error));
  }

  #onNetwork(isOffline: boolean): void {
    this.#reschedule(isOffline);
    this.#listener.onDoubt();
  }

  /** A frozen page hears nothing of the network meanwhile. */
  #onAwake(): void {
    const isOffline = this.#settings.pageEvents.isOffline();
    if (isOffline !== this.#retryTimer.isHeld) this.#reschedule(isOffline);
    this.#retryTimer.catchUp();
    this.#listener.onDoubt();
  }

  #reschedule(isOffline: boolean): void {
    const wait = isOffline ? this.#retryTimer.hold() : this.#retryTimer.release();
    if (wait !== undefined) this.#apply({ kind: 'rescheduled', wait });
  }

  #retry(): void {
    this.#apply({ kind: 'retry' });
    void this.#open();
  }

  /** `react` runs in the new state, before the application hears of it and may bring about the next one. */
  #apply(event: ConnectionEvent, react?: () => void): void {
    const next = transition(this.#state, event);
    if (next === this.#state) return;
    this.#state = next;
    react?.();
    if (this.#state === next) this.#listener.onState(next);
  }
}
