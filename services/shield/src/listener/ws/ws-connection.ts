import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { fitCloseReason } from '../close-reason.ts';
import { MIN_COMPRESSED_BYTES } from '../listener.ts';
import type { Connection, Topic } from '../listener.ts';
import { encodeServerFrame } from './server-frame.ts';
import type { TopicMembers } from './topic-members.ts';
import type { TurnOutbox } from './turn-outbox.ts';

/** What all connections of one listener share. */
export interface WsShared<D> {
  readonly outbox: TurnOutbox;
  readonly topics: TopicMembers<WsConnection<D>>;
}

/**
 * One socket of the `ws` adapter. Data frames are built here and written to the raw socket, all frames of a turn in one
 * write; `ws` writes control frames and, where a client negotiated compression, data frames too.
 */
export class WsConnection<D> implements Connection<D> {
  readonly data: D;
  readonly remoteAddress: string;
  readonly engine: WebSocket;
  /** The code given to `close`; 0 while it was not called. */
  saidCode = 0;
  /** Messages received whole, for the assembly timeout. */
  messages = 0;
  private readonly socket: Socket;
  private readonly shared: WsShared<D>;
  private readonly deflates: boolean;
  private readonly topics = new Set<Topic>();
  private queue: Buffer[] = [];
  private queuedBytes = 0;
  private isOpen = true;

  constructor(data: D, remoteAddress: string, engine: WebSocket, socket: Socket, shared: WsShared<D>) {
    this.data = data;
    this.remoteAddress = remoteAddress;
    this.engine = engine;
    this.socket = socket;
    this.shared = shared;
    this.deflates = engine.extensions !== '';
  }

  /** True until either side began to close. */
  isLive(): boolean {
    return this.isOpen && this.engine.readyState === this.engine.OPEN;
  }

  send(frame: Uint8Array, isBinary: boolean): void {
    this.enqueue(encodeServerFrame(frame, isBinary), isBinary);
  }

  /** Queues a frame built by `encodeServerFrame`; it is never changed after this. */
  enqueue(frame: Buffer, isBinary: boolean): void {
    if (!this.isLive()) {
      return;
    }
    if (this.deflates) {
      this.sendThroughEngine(frame, isBinary);
      return;
    }
    if (this.queue.push(frame) === 1) {
      this.shared.outbox.add(this);
    }
    this.queuedBytes += frame.length;
  }

  /**
   * Writes what is queued; what is left of a connection that is closing is dropped, as no frame may follow a close
   * frame.
   */
  flush(): void {
    const frames = this.queue;
    if (frames.length === 0) {
      return;
    }
    this.queue = [];
    this.queuedBytes = 0;
    if (this.isLive()) {
      this.socket.write(this.shared.outbox.join(frames));
    }
  }

  /** Nothing to do: all sends of a turn are joined. */
  batch(write: () => void): void {
    write();
  }

  ping(): void {
    if (this.isLive()) {
      this.engine.ping();
    }
  }

  subscribe(topic: Topic): void {
    if (this.isLive()) {
      this.topics.add(topic);
      this.shared.topics.add(topic, this);
    }
  }

  unsubscribe(topic: Topic): void {
    this.topics.delete(topic);
    this.shared.topics.remove(topic, this);
  }

  bufferedAmount(): number {
    return this.isLive() ? this.queuedBytes + this.engine.bufferedAmount : 0;
  }

  close(code: number, reason: string): void {
    if (!this.isLive()) {
      return;
    }
    this.flush();
    this.saidCode = code;
    this.leave();
    this.engine.close(code, fitCloseReason(reason));
  }

  terminate(): void {
    this.leave();
    this.engine.terminate();
  }

  /** Takes the connection out of all topics and lets no more pass. */
  leave(): void {
    this.isOpen = false;
    for (const topic of this.topics) {
      this.shared.topics.remove(topic, this);
    }
    this.topics.clear();
  }

  private sendThroughEngine(frame: Buffer, isBinary: boolean): void {
    const second = frame[1] ?? 0;
    const payload = frame.subarray(second < 126 ? 2 : second === 126 ? 4 : 10);
    this.engine.send(payload, { binary: isBinary, compress: payload.length >= MIN_COMPRESSED_BYTES });
  }
}
