import type { ClientOptions } from '@arqonbus/sdk';
import type { Actor } from '../time/virtual-time.ts';
import type { Network, Ways } from './network.ts';
import type { SimulatedConnection } from './simulated-connection.ts';
import type { SimulatedListener } from './simulated-listener.ts';

type WebSocketConstructor = NonNullable<ClientOptions['webSocket']>;
type WebSocketLike = InstanceType<WebSocketConstructor>;

const encoder = new TextEncoder();
/** How long a Shield may take to find out that a client is gone. */
const MAX_HALF_OPEN_MS = 3_000;
const MAX_UNNOTICED_MS = 500;

/** The WebSocket of one client on the simulated network. `onOpen` is told of each. */
export function createWebSocketClass(
  network: Network,
  actor: Actor,
  address: string,
  onOpen: (socket: ClientSocket) => void,
): WebSocketConstructor {
  return class extends ClientSocket {
    constructor(url: string, protocols: string[]) {
      super(network, actor, address);
      onOpen(this);
      this.dial(url, protocols);
    }
  };
}

/** The client's end of a connection. */
export class ClientSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  readonly bufferedAmount = 0;
  protocol = '';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly address: string;
  /** No connection can come of it, or it is over. */
  isGone = false;
  readonly #network: Network;
  readonly #actor: Actor;
  readonly #ways: Ways;
  #listener: SimulatedListener<unknown> | undefined;
  #connection: SimulatedConnection<unknown> | undefined;

  constructor(network: Network, actor: Actor, address: string) {
    this.#network = network;
    this.#actor = actor;
    this.#ways = network.createWays();
    this.address = address;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    const isBinary = typeof data !== 'string';
    const frame = isBinary ? data.slice() : encoder.encode(data);
    this.#toShield((connection) => connection.receive(frame, isBinary));
  }

  close(code = 1005): void {
    if (this.isGone) return;
    this.#toShield((connection) => connection.receiveEnd(code));
    this.#finish(code, 20);
  }

  terminate(): void {
    if (!this.isGone) this.lose();
  }

  dial(url: string, protocols: readonly string[]): void {
    const { pathname, search } = new URL(url);
    const listener = this.#network.pick();
    if (listener === undefined) {
      this.#finish(1006, 50);
      return;
    }
    this.#listener = listener;
    const request = { path: pathname, query: search.slice(1), origin: '', authorization: '', forwardedFor: '' };
    this.#ways.toShield.send(listener.actor, () =>
      listener.upgrade({ ...request, remoteAddress: this.address, protocols }, this),
    );
    // A Shield that dies before its answer is not heard of again.
    this.#network.time.after(5_000, this.#actor, () => {
      if (this.protocol === '' && !this.isGone) this.lose();
    });
  }

  /** The Shield accepts; runs there. */
  accept(protocol: string, connection: SimulatedConnection<unknown>): void {
    this.#connection = connection;
    this.#toClient(() => {
      this.protocol = protocol;
      this.onopen?.({} as never);
    });
  }

  /** The Shield sends a frame. */
  push(data: string | ArrayBuffer): void {
    for (const received of this.#network.frameFault(data)) {
      this.#toClient(() => this.onmessage?.({ data: received } as never));
    }
  }

  ping(): void {
    this.#toClient(() => this.#toShield((connection) => connection.receivePong()));
  }

  pushClose(code: number, reason: string): void {
    this.#toClient(() => {
      this.isGone = true;
      this.onclose?.({ code, reason } as never);
    });
  }

  /** The connection breaks: what is on its way is lost, and both ends find out when they do. */
  lose(): void {
    const { random, time } = this.#network;
    this.#ways.toShield.cut();
    this.#ways.toClient.cut();
    const connection = this.#connection;
    if (connection !== undefined && this.#listener !== undefined) {
      time.after(random.between(0, MAX_HALF_OPEN_MS), this.#listener.actor, () => connection.receiveEnd(1006));
    }
    this.#finish(1006, random.between(0, MAX_UNNOTICED_MS));
  }

  #finish(code: number, afterMs: number): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#network.time.after(afterMs, this.#actor, () => this.onclose?.({ code, reason: '' } as never));
  }

  #toShield(run: (connection: SimulatedConnection<unknown>) => void): void {
    const { isGone } = this;
    const connection = this.#connection;
    if (isGone || connection === undefined || this.#listener === undefined) return;
    this.#ways.toShield.send(this.#listener.actor, () => run(connection));
  }

  #toClient(run: () => void): void {
    if (!this.isGone) this.#ways.toClient.send(this.#actor, run);
  }
}
