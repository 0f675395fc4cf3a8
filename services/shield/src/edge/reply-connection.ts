import type { Connection } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';

/** In the place of a socket: what is written to it is the reply to the one message of its session. */
export class ReplyConnection implements Connection<Peer> {
  readonly data: Peer;
  readonly remoteAddress: string = '';
  readonly #onReply: (reply: Uint8Array) => void;

  constructor(data: Peer, onReply: (reply: Uint8Array) => void) {
    this.data = data;
    this.#onReply = onReply;
  }

  send(frame: Uint8Array): void {
    this.#onReply(frame);
  }

  batch(write: () => void): void {
    write();
  }

  bufferedAmount(): number {
    return 0;
  }

  // Nothing is pinged, followed or closed that lives for one message.
  ping(): void {}
  subscribe(): void {}
  unsubscribe(): void {}
  close(): void {}
  terminate(): void {}
}
