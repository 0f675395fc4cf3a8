import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Listens on `port` (0 = a free one) of the loopback and hands on whoever comes, with half-open sockets allowed. */
export async function openGate(port: number, onConnection: (socket: Socket) => void): Promise<Gate> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(port, HOST);
  await once(server, 'listening');
  const gate = new Gate(server, onConnection);
  await gate.anchored;
  return gate;
}

/**
 * A port that can be shut and opened again: whoever comes meanwhile is refused by the system (ECONNREFUSED), and
 * nobody else gets the port.
 *
 * It is kept by a connection to itself, the anchor, made at the start. The accepted end of that owns the port whether
 * anybody listens on it or not: the system gives it to nobody who asks for a free one, but lets us listen again.
 */
export class Gate {
  readonly port: number;
  /** Resolves once the port is kept; before that it may not be shut. */
  readonly anchored: Promise<void>;
  readonly #server: Server;
  readonly #far: Socket;
  #near: Socket | undefined;
  #isOpen = true;
  #isOpening = false;

  constructor(server: Server, onConnection: (socket: Socket) => void) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#far = connect(this.port, HOST);
    this.anchored = new Promise((resolve, reject) => {
      this.#far.once('error', reject);
      server.on('connection', (socket) => {
        if (this.#near === undefined && socket.remotePort === this.#far.localPort) {
          this.#near = socket.resume();
          resolve();
        } else if (this.#isOpen) onConnection(socket);
        else socket.destroy();
      });
    });
    server.on('listening', () => {
      this.#isOpening = false;
      // Shut again before it stood open.
      if (!this.#isOpen) server.close();
    });
  }

  /** Connections are refused from the moment that this returns. Idempotent. */
  shut(): void {
    this.#isOpen = false;
    if (this.#server.listening && !this.#isOpening) this.#server.close();
  }

  /** Whoever connects after this call gets in. Idempotent. */
  open(): void {
    this.#isOpen = true;
    if (this.#isOpening || this.#server.listening) return;
    this.#isOpening = true;
    this.#server.listen(this.port, HOST);
  }

  /** Shuts for good and gives the port back. */
  async close(): Promise<void> {
    this.shut();
    const ends = [this.#far, ...(this.#near === undefined ? [] : [this.#near])].filter(({ closed }) => !closed);
    const closed = ends.map((socket) => once(socket, 'close'));
    for (const socket of ends) socket.destroy();
    await Promise.all(closed);
  }
}
