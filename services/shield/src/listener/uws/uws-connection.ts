import type { WebSocket } from 'uWebSockets.js';
import { fitCloseReason } from '../close-reason.ts';
import { MIN_COMPRESSED_BYTES } from '../listener.ts';
import type { Connection, ListenerLimits } from '../listener.ts';

/** What the engine keeps with a socket. */
export interface UwsSocketData<D> {
  readonly connection: UwsConnection<D>;
}

/** A socket as the engine shows it; dead after its close event. */
export type UwsSocket<D> = WebSocket<UwsSocketData<D>>;

/** A topic that every connection which ever left one stays in; nothing is published to it. */
const KEEP_TOPIC = '\0';

/** A goodbye that waits for a slow peer. */
export interface UwsGoodbye {
  readonly code: number;
  readonly reason: string;
  readonly deadline: NodeJS.Timeout;
}

/** What all connections of one app share. */
export interface UwsShared<D> {
  readonly goodbyes: Map<UwsConnection<D>, UwsGoodbye>;
  readonly limits: ListenerLimits;
  /** The connection whose batch is being written. */
  writing: UwsConnection<D> | undefined;
  /** Open sockets, those that say goodbye too. */
  sockets: number;
}

/** One per socket, and there are many: no closures, no empty collections. */
export class UwsConnection<D> implements Connection<D> {
  readonly data: D;
  readonly remoteAddress: string;
  readonly shared: UwsShared<D>;
  /** Undefined before `onOpen` and from the end on: the engine's object must not be touched after its close event. */
  socket: UwsSocket<D> | undefined = undefined;
  isKept = false;

  constructor(data: D, remoteAddress: string, shared: UwsShared<D>) {
    this.data = data;
    this.remoteAddress = remoteAddress;
    this.shared = shared;
  }

  send(frame: Uint8Array, isBinary: boolean): void {
    this.socket?.send(frame, isBinary, isCompressed(frame, this.shared.limits));
  }

  /** Eight sends outside of this cost 6.2 µs each, inside 0.8: the engine joins publishes by itself, but not sends. */
  batch(write: () => void): void {
    const { socket, shared } = this;
    if (socket === undefined) {
      write();
      return;
    }
    shared.writing = this;
    socket.cork(write);
    shared.writing = undefined;
    if (this.socket === undefined) {
      this.endDrained(socket);
    }
  }

  ping(): void {
    this.socket?.ping();
  }

  subscribe(topic: string): void {
    this.socket?.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (this.socket !== undefined) {
      this.leave(this.socket, topic);
    }
  }

  bufferedAmount(): number {
    return this.socket?.getBufferedAmount() ?? 0;
  }

  close(code: number, reason: string): void {
    const { socket, shared } = this;
    if (socket === undefined) {
      return;
    }
    this.socket = undefined;
    // Ended within its own cork, a socket gets its close frame and then hangs for 4 s: the end of the batch ends it.
    if (shared.writing !== this && socket.getBufferedAmount() === 0) {
      socket.end(code, fitCloseReason(reason));
      return;
    }
    // `end` would leave the engine alone with a peer that may never read on, and nothing of ours could cut it.
    for (const topic of socket.getTopics()) {
      this.leave(socket, topic);
    }
    const deadline = setTimeout(() => socket.close(), shared.limits.closeGraceMs);
    shared.goodbyes.set(this, { code, reason: fitCloseReason(reason), deadline });
  }

  /** Ends a socket that waits with its goodbye, once nothing is in front of it. */
  endDrained(socket: UwsSocket<D>): void {
    const goodbye = this.shared.goodbyes.get(this);
    if (goodbye !== undefined && socket.getBufferedAmount() === 0) {
      socket.end(goodbye.code, goodbye.reason);
    }
  }

  terminate(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  private leave(socket: UwsSocket<D>, topic: string): void {
    if (!this.isKept) {
      // Leaving the last topic would throw away what was published in this turn.
      this.isKept = true;
      socket.subscribe(KEEP_TOPIC);
    }
    if (topic !== KEEP_TOPIC) {
      socket.unsubscribe(topic);
    }
  }
}

/** Whether the engine may compress this frame (PRT-24). */
export function isCompressed(frame: Uint8Array, limits: ListenerLimits): boolean {
  return limits.compression && frame.byteLength >= MIN_COMPRESSED_BYTES;
}
