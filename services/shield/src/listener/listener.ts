import type { TlsPair } from '@arqonbus/config';

/** The name of a set of connections that hear the same frames. */
export type Topic = string;

/**
 * One socket. `D` is what the Shield keeps with it. Every method is a no-op once the connection is closed, and from
 * `close` or `terminate` on. No method calls a handler before it returns.
 */
export interface Connection<D> {
  readonly data: D;
  /** The peer's address as canonical text (RFC 5952, IPv4-mapped as IPv4); behind a proxy the proxy's. */
  readonly remoteAddress: string;
  /**
   * Queues one frame behind everything sent or published to this connection before. The bytes are copied or written at
   * once.
   */
  send(frame: Uint8Array, isBinary: boolean): void;
  /** Calls `write` at once and lets what it sends to this connection leave in as few writes as the engine can. */
  batch(write: () => void): void;
  ping(): void;
  subscribe(topic: Topic): void;
  /** What is published from now on no longer comes; what was published before still does. */
  unsubscribe(topic: Topic): void;
  /**
   * Bytes queued in user space that the kernel has not taken yet. Small frames published in this very turn may be
   * missing until its end; the `ws` adapter counts a partly taken write in full.
   */
  bufferedAmount(): number;
  /**
   * Says goodbye: leaves all topics, sends what is queued, then the close frame with at most 123 bytes of the reason.
   * No message comes any more and `onClose` follows with this code; a peer that does not read is cut after
   * `closeGraceMs`.
   */
  close(code: number, reason: string): void;
  /** Cuts the connection at once. `onClose` follows with 1006. */
  terminate(): void;
}

/** What is known of a client that asks to upgrade. A copy: it stays valid after the call. Absent headers are `''`. */
export interface UpgradeRequest {
  /** One of {@link upgradePaths}. */
  readonly path: string;
  /** Raw query string without `?`. */
  readonly query: string;
  readonly origin: string;
  readonly authorization: string;
  /** `X-Forwarded-For` as it came; several are joined with `, `. */
  readonly forwardedFor: string;
  /** The peer's address, as in {@link Connection}. */
  readonly remoteAddress: string;
  /** Offered subprotocols, in order, each once and a token of RFC 9110; nothing else is known of them. */
  readonly protocols: readonly string[];
}

/** An HTTP answer in place of an upgrade; the connection is closed after it. */
export interface UpgradeRefusal {
  readonly accept: false;
  readonly status: number;
  /** Beside `content-type: application/json` and the length, which the listener sets. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** Answer to an upgrade: go on with this one of the offered subprotocols (`''` = echo none) and data, or refuse. */
export type UpgradeDecision<D> =
  | { readonly accept: true; readonly protocol: string; readonly data: D }
  | UpgradeRefusal;

/** What a listener tells. Calls never overlap and must not throw; frames' bytes are valid only during the call. */
export interface ListenerHandlers<D> {
  /**
   * A well-formed handshake on an upgrade path came. A client that is gone by the time of an answer never opens, so
   * take
   * here nothing that has to be given back: count in `onOpen`. A rejected promise is answered 500.
   */
  onUpgrade(request: UpgradeRequest): UpgradeDecision<D> | Promise<UpgradeDecision<D>>;
  onOpen(connection: Connection<D>): void;
  onMessage(connection: Connection<D>, frame: Uint8Array, isBinary: boolean): void;
  /**
   * A ping or pong frame came (sign of life; control frames are rate-limited by the Shield). Pings are answered
   * already.
   */
  onControl(connection: Connection<D>): void;
  /** The outbound buffer shrank. */
  onDrain(connection: Connection<D>): void;
  /**
   * Exactly once for each `onOpen`: the code of the side that closed first; 1005 = without a code, 1006 = no close
   * frame was seen.
   */
  onClose(connection: Connection<D>, code: number): void;
}

/** What a listener enforces itself, before the Shield sees a byte. */
export interface ListenerLimits {
  /** Of a whole message; a longer one is refused by its header, before it is buffered (1009). */
  readonly maxFrameBytes: number;
  /** Fragments of one message (1008); only `ws` counts them. */
  readonly maxFragments: number;
  /** From a message's first byte to its last (1008); only `ws` measures it. */
  readonly fragmentTimeoutMs: number;
  /** For request line and headers; only `ws`, the engine of `uws` has 10 s built in. */
  readonly handshakeTimeoutMs: number;
  /** How long a goodbye may wait for a peer that does not read. */
  readonly closeGraceMs: number;
  /** permessage-deflate (PRT-24); never for frames under 512 bytes. */
  readonly compression: boolean;
}

/**
 * Where a client may upgrade (PRT-1); any other request is answered 404 with a JSON body, these without an upgrade 426.
 */
export const upgradePaths: readonly string[] = ['/v1/socket', '/ws', '/'];

/** Frames shorter than this are never compressed (PRT-24). */
export const MIN_COMPRESSED_BYTES = 512;

/**
 * The socket server (ARC-8): ends WebSockets on the upgrade paths of PRT-1 and knows nothing of the bus. It never drops
 * an outbound frame: who buffers too much is for the Shield to see and to stop (LOG-11). Engine-level violations
 * (oversize, invalid UTF-8, reserved bits) close with their code or 1006 (PRT-28).
 */
export interface Listener<D> {
  readonly name: 'uws' | 'ws';
  /**
   * Starts accepting; gives the bound port. Port 0 takes a free one. Rejects with `BusError` where the port is taken.
   */
  listen(host: string, port: number): Promise<number>;
  /**
   * Sends one frame to every connection subscribed to the topic, except one. The bytes are copied or written at once.
   */
  publish(topic: Topic, frame: Uint8Array, isBinary: boolean, except?: Connection<D>): void;
  /**
   * Serves what connects from now on with this certificate; open connections go on with theirs (AUT-6). Throws where the
   * engine refuses it, and keeps the one in use. Only for a listener that was made with TLS.
   */
  renewTls(tls: TlsPair): void;
  /** Refuses new connections from now on; open ones stay. */
  stopAccepting(): void;
  /** Cuts every connection and frees the port; `onClose` has been called for each when it resolves. */
  close(): Promise<void>;
}

/**
 * Makes a listener; each adapter exports one. With `tls` it ends TLS, of version 1.2 or 1.3 (AUT-6). Throws for a
 * certificate that the engine refuses.
 */
export type ListenerFactory = <D>(handlers: ListenerHandlers<D>, limits: ListenerLimits, tls?: TlsPair) => Listener<D>;
