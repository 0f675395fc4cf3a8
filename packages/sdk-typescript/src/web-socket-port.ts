import { BusError, HARD_MAX_FRAME_BYTES } from '@arqonbus/protocol';

/** The part of the standard WebSocket that the client uses; browsers, Node 22 and the `ws` package provide it. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without a closing handshake, where the implementation can (`ws`). */
  terminate?(): void;
}

/** What makes a {@link WebSocketLike}. Arguments beyond the standard two are ignored by standard implementations. */
export type WebSocketConstructor = new (url: string, protocols: string[], options?: never) => WebSocketLike;

/** What `ws` is told beside the standard arguments: it would buffer frames of 100 MiB otherwise. */
const BOUNDS = { maxPayload: HARD_MAX_FRAME_BYTES, perMessageDeflate: false } as const;

/** Opens a socket. Throws what the constructor throws, such as a SyntaxError for a token that cannot be carried. */
export function openWebSocket(constructor: WebSocketConstructor, url: string, protocols: string[]): WebSocketLike {
  const socket = new constructor(url, protocols, BOUNDS as never);
  socket.binaryType = 'arraybuffer';
  return socket;
}

/**
 * The WebSocket implementation to use: the one given, else the platform's. Throws a BusError that tells what to do
 * where there is none, as in Node 20.
 */
export function findWebSocket(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const found: unknown = given ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (typeof found === 'function') return found as WebSocketConstructor;
  throw new BusError(
    'VALIDATION_ERROR',
    'This runtime has no WebSocket of its own (Node has one from version 22 on). Install the package "ws" and pass ' +
      'it: import { WebSocket } from "ws"; createClient({ …, webSocket: WebSocket })',
  );
}
