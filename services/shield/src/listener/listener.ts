/** The name of a set of connections that hear the same frames. */
export type Topic = string;

/** One socket. `D` is what the Shield keeps with it. Every method is a no-op once the connection is closed. */
export interface Connection<D> {
  readonly data: D;
  /** The client's address as text, after trusted proxies. */
  readonly remoteAddress: string;
  /** Queues one frame behind everything sent or published to this connection before. The bytes are copied or written at once. */
  send(frame: Uint8Array, isBinary: boolean): void;
  ping(): void;
  subscribe(topic: Topic): void;
  unsubscribe(topic: Topic): void;
  /** Bytes queued in user space that the kernel has not taken yet. */
  bufferedAmount(): number;
  /** Says goodbye: sends what is queued, then the close frame. `onClose` follows. */
  close(code: number, reason: string): void;
  /** Cuts the connection at once. `onClose` follows with 1006. */
  terminate(): void;
}

/** What is known of a client that asks to upgrade. Valid during the call only where it is answered synchronously; header values are copies. */
export interface UpgradeRequest {
  readonly path: string;
  /** Raw query string without `?`. */
  readonly query: string;
  readonly origin: string;
  readonly authorization: string;
  readonly forwardedFor: string;
  readonly remoteAddress: string;
  /** Offered subprotocols, in order. */
  readonly protocols: readonly string[];
}

/** Answer to an upgrade: go on with this subprotocol (`''` = none offered) and data, or refuse with an HTTP response. */
export type UpgradeDecision<D> =
  | { readonly accept: true; readonly protocol: string; readonly data: D }
  | {
      readonly accept: false;
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** JSON text. */
      readonly body: string;
    };

/** What a listener tells. Calls never overlap; frames' bytes are valid only during the call. */
export interface ListenerHandlers<D> {
  onUpgrade(request: UpgradeRequest): UpgradeDecision<D> | Promise<UpgradeDecision<D>>;
  onOpen(connection: Connection<D>): void;
  onMessage(connection: Connection<D>, frame: Uint8Array, isBinary: boolean): void;
  /** A ping or pong frame came (sign of life; control frames are rate-limited by the Shield). */
  onControl(connection: Connection<D>): void;
  /** The outbound buffer shrank. */
  onDrain(connection: Connection<D>): void;
  /** Exactly once for each `onOpen`. 1006 = no close frame was seen. */
  onClose(connection: Connection<D>, code: number): void;
}

/** What a listener enforces itself, before the Shield sees a byte. */
export interface ListenerLimits {
  readonly maxFrameBytes: number;
  readonly maxFragments: number;
  readonly fragmentTimeoutMs: number;
  /** permessage-deflate (PRT-24); never for frames under 512 bytes. */
  readonly compression: boolean;
}

/**
 * The socket server (ARC-8): ends WebSockets on the upgrade paths of PRT-1 and knows nothing of the bus. It never drops
 * an outbound frame: who buffers too much is for the Shield to see and to stop (LOG-11). Engine-level violations
 * (oversize, invalid UTF-8, reserved bits) close with their code or 1006 (PRT-28).
 */
export interface Listener<D> {
  readonly name: 'uws' | 'ws';
  /** Starts accepting; gives the bound port. Port 0 takes a free one. */
  listen(host: string, port: number): Promise<number>;
  /** Sends one frame to every connection subscribed to the topic, except one. */
  publish(topic: Topic, frame: Uint8Array, isBinary: boolean, except?: Connection<D>): void;
  /** Refuses new connections from now on; open ones stay. */
  stopAccepting(): void;
  /** Cuts every connection and frees the port. */
  close(): Promise<void>;
}

/** Makes a listener; each adapter exports one. */
export type ListenerFactory = <D>(handlers: ListenerHandlers<D>, limits: ListenerLimits) => Listener<D>;
