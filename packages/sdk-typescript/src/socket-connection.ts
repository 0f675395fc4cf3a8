import { BusError } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import { errorOfEnvelope, retryAfterMs } from './close-error.ts';
import type { ConnectionEnd } from './close-error.ts';
import type { Clock, Timer } from './clock.ts';
import { parseJsonObject } from './payload.ts';
import { openWebSocket } from './web-socket-port.ts';
import type { WebSocketConstructor, WebSocketLike } from './web-socket-port.ts';
import { parseWelcome } from './welcome.ts';
import type { Welcome } from './welcome.ts';
import type { EncodedFrame, WireFormat } from './wire-format.ts';

/** Frames that cannot be read before the client gives the server up. */
export const MAX_BAD_FRAMES = 10;

/** Bytes that may wait in the socket for a network that does not take them. */
export const MAX_BUFFERED_BYTES = 4_194_304;

/** An error told this long before the end at most is taken for its cause. */
const LAST_WORDS_MS = 5_000;

/** How long the closing handshake may take. */
const CLOSE_TIMEOUT_MS = 2_000;

/** What a connection tells its owner. After `onEnd` nothing more comes; `onEnd` comes once. */
export interface ConnectionListener {
  onWelcome(welcome: Welcome): void;
  /** Every frame after the welcome. */
  onEnvelope(envelope: Envelope): void;
  /** A frame that could not be read; the connection goes on. */
  onBadFrame(error: BusError): void;
  onEnd(end: ConnectionEnd): void;
}

/** What one try for a connection needs. */
export interface ConnectionSettings {
  readonly webSocket: WebSocketConstructor;
  readonly url: string;
  readonly token: string;
  readonly format: WireFormat;
  readonly clock: Clock;
  /** How long the server may take until its welcome. */
  readonly welcomeTimeoutMs: number;
}

/** One socket, from the try to open it to its end. Nothing in here throws at the socket's callbacks. */
export class SocketConnection {
  readonly #socket: WebSocketLike;
  readonly #settings: ConnectionSettings;
  readonly #listener: ConnectionListener;
  readonly #welcomeTimer: Timer;
  #isWelcomed = false;
  #isEnded = false;
  #badFrames = 0;
  #error: BusError | undefined;
  #errorAtMs = 0;
  #returnAtMs = 0;
  /** What went wrong below the WebSocket, as far as the platform tells; empty = nothing. */
  #trouble = '';
  #onClosed: (() => void) | undefined;

  /** Throws what the WebSocket's constructor throws. */
  constructor(settings: ConnectionSettings, listener: ConnectionListener) {
    this.#settings = settings;
    this.#listener = listener;
    const protocols = [settings.format.subprotocol, `bearer.${settings.token}`];
    this.#socket = openWebSocket(settings.webSocket, settings.url, protocols);
    this.#socket.onopen = () => this.#onOpen();
    this.#socket.onmessage = (event: { readonly data: unknown }) => this.#onMessage(event.data);
    this.#socket.onclose = (event: { readonly code: number; readonly reason: string }) => this.#onClose(event);
    // The close event follows. What browsers keep to themselves `ws` tells here, and would throw without a listener.
    this.#socket.onerror = ({ message = '' }: { readonly message?: string }) => (this.#trouble = message);
    this.#welcomeTimer = settings.clock.setTimer(() => this.drop(1006, 'no welcome'), settings.welcomeTimeoutMs);
  }

  /** Bytes that the network has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Hands a frame to the socket; false when the socket has ended. */
  send(frame: EncodedFrame): boolean {
    if (this.#isEnded) return false;
    this.#socket.send(frame.data);
    return true;
  }

  /** Gives the connection up at once and reports `code` as its end. */
  drop(code: number, reason: string): void {
    if (this.#isEnded) return;
    this.#abandonSocket();
    this.#end(code, reason);
  }

  /** Ends the connection in peace, without `onEnd`: resolves when the socket has closed, after 2 s at the latest. */
  close(): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    this.#isEnded = true;
    this.#welcomeTimer.cancel();
    return new Promise((resolve) => {
      const timer = this.#settings.clock.setTimer(() => {
        this.#socket.terminate?.();
        resolve();
      }, CLOSE_TIMEOUT_MS);
      this.#onClosed = () => {
        timer.cancel();
        resolve();
      };
      this.#socket.close(1000, 'bye');
    });
  }

  #onOpen(): void {
    if (this.#isEnded) return;
    const { subprotocol } = this.#settings.format;
    const isAgreed = this.#socket.protocol === subprotocol || (this.#socket.protocol === '' && isJson(subprotocol));
    if (!isAgreed) this.drop(1002, `the server does not speak ${subprotocol}`);
  }

  #onClose(event: { readonly code: number; readonly reason: string }): void {
    this.#onClosed?.();
    if (!this.#isEnded)
      this.#end(event.code, event.reason === '' && event.code === 1006 ? this.#trouble : event.reason);
  }

  #onMessage(data: unknown): void {
    if (this.#isEnded) return;
    const envelope = this.#settings.format.decode(data);
    if (envelope === undefined) this.#countBadFrame('The server sent a frame that cannot be read.');
    else if (this.#isWelcomed) this.#receive(envelope);
    else this.#greet(envelope);
  }

  #receive(envelope: Envelope): void {
    this.#noteWordsAboutConnection(envelope);
    this.#listener.onEnvelope(envelope);
  }

  /** Before the welcome there is nothing but the welcome, or one error and the close (PRT-2, PRT-4). */
  #greet(envelope: Envelope): void {
    const payload = envelope.type === 'system' ? parseJsonObject(envelope.payload) : {};
    const welcome = payload['event'] === 'welcome' ? parseWelcome(payload) : undefined;
    if (welcome !== undefined) {
      this.#isWelcomed = true;
      this.#welcomeTimer.cancel();
      this.#listener.onWelcome(welcome);
      return;
    }
    this.#noteWordsAboutConnection(envelope);
    if (envelope.type !== 'error') this.#countBadFrame('The server did not begin with a welcome.');
  }

  /** Remembers why and until when the server may be about to close. */
  #noteWordsAboutConnection(envelope: Envelope): void {
    if (envelope.type === 'error') {
      const error = errorOfEnvelope(envelope);
      if (envelope.requestId === '') {
        this.#error = error;
        this.#errorAtMs = this.#settings.clock.now();
      }
      this.#noteReturn(retryAfterMs(error));
    } else if (envelope.type === 'system') {
      this.#noteReturn(parseJsonObject(envelope.payload)['reconnect_in_ms']);
    }
  }

  #noteReturn(afterMs: unknown): void {
    if (typeof afterMs === 'number' && afterMs > 0) this.#returnAtMs = this.#settings.clock.now() + afterMs;
  }

  #countBadFrame(text: string): void {
    this.#badFrames++;
    this.#listener.onBadFrame(new BusError('VALIDATION_ERROR', text));
    if (this.#badFrames >= MAX_BAD_FRAMES) this.drop(4400, 'too many frames that cannot be read');
  }

  #end(code: number, reason: string): void {
    this.#isEnded = true;
    this.#welcomeTimer.cancel();
    const isErrorRecent = this.#settings.clock.now() - this.#errorAtMs <= LAST_WORDS_MS;
    const error = isErrorRecent ? this.#error : undefined;
    this.#listener.onEnd({ code, reason, wasWelcomed: this.#isWelcomed, error, returnAtMs: this.#returnAtMs });
  }

  #abandonSocket(): void {
    this.#socket.onmessage = null;
    // A standard socket has no way to end but the handshake; what is left of it dies with the network.
    if (this.#socket.terminate === undefined) this.#socket.close(1000, 'gone');
    else this.#socket.terminate();
  }
}

function isJson(subprotocol: string): boolean {
  return subprotocol.endsWith('.json');
}
