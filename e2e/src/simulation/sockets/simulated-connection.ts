import type { Connection, Topic } from '@arqonbus/shield';
import type { ClientSocket } from './client-socket.ts';
import type { SimulatedListener } from './simulated-listener.ts';

const decoder = new TextDecoder();
/** A client answers a goodbye within so long, or is cut. */
const GOODBYE_MS = 200;

/** The Shield's end of a connection. */
export class SimulatedConnection<D> implements Connection<D> {
  readonly data: D;
  readonly remoteAddress: string;
  readonly #listener: SimulatedListener<D>;
  readonly #socket: ClientSocket;
  readonly #topics = new Set<Topic>();
  #isClosing = false;
  #isClosed = false;

  constructor(listener: SimulatedListener<D>, socket: ClientSocket, data: D) {
    this.#listener = listener;
    this.#socket = socket;
    this.data = data;
    this.remoteAddress = socket.address;
  }

  send(frame: Uint8Array, isBinary: boolean): void {
    if (!this.#isClosing) this.#socket.push(isBinary ? frame.slice().buffer : decoder.decode(frame));
  }

  batch(write: () => void): void {
    write();
  }

  ping(): void {
    if (!this.#isClosing) this.#socket.ping();
  }

  subscribe(topic: Topic): void {
    if (this.#isClosing) return;
    this.#topics.add(topic);
    this.#listener.join(topic, this);
  }

  unsubscribe(topic: Topic): void {
    this.#topics.delete(topic);
    this.#listener.leave(topic, this);
  }

  bufferedAmount(): number {
    return 0;
  }

  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#leaveAll();
    this.#socket.pushClose(code, reason);
    this.#end(code, GOODBYE_MS);
  }

  terminate(): void {
    if (this.#isClosing) return;
    this.#leaveAll();
    this.#socket.lose();
    this.#end(1006, 0);
  }

  /** A frame of the client has arrived. */
  receive(frame: Uint8Array, isBinary: boolean): void {
    if (!this.#isClosing) this.#listener.handlers.onMessage(this, frame, isBinary);
  }

  receivePong(): void {
    if (!this.#isClosing) this.#listener.handlers.onControl(this);
  }

  /** The client has closed, or is found to be gone. */
  receiveEnd(code: number): void {
    if (this.#isClosing) return;
    this.#leaveAll();
    this.#end(code, 0);
  }

  /** The process is gone; the client finds out for itself. */
  breakOff(): void {
    this.#isClosing = true;
    this.#isClosed = true;
    this.#socket.lose();
  }

  #leaveAll(): void {
    this.#isClosing = true;
    for (const topic of this.#topics) this.#listener.leave(topic, this);
    this.#topics.clear();
  }

  #end(code: number, afterMs: number): void {
    this.#listener.network.time.after(afterMs, this.#listener.actor, () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#listener.forget(this);
      this.#listener.handlers.onClose(this, code);
    });
  }
}
