import type { Socket } from 'node:net';
import { Pipe } from './pipe.ts';
import type { Weather } from './pipe.ts';
import type { Direction } from './toxics.ts';

/** A client's connection and the one to the server that was made for it. */
export class Link {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: readonly Pipe[];

  constructor(client: Socket, server: Socket, weather: (direction: Direction) => Weather, onEnd: () => void) {
    this.#client = client;
    this.#server = server;
    this.#pipes = [
      new Pipe(client, server, () => weather('toServer')),
      new Pipe(server, client, () => weather('toClient')),
    ];
    for (const socket of [client, server]) {
      // How it ended is seen at its `close`.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.closed && server.closed) onEnd();
      });
    }
  }

  /** Bytes that never arrived, both ways. */
  get swallowedBytes(): number {
    return this.#pipes.reduce((sum, pipe) => sum + pipe.swallowedBytes, 0);
  }

  /** Hands on what is due now that the weather has changed. */
  move(): void {
    for (const pipe of this.#pipes) pipe.move();
  }

  /** Ends both sides at once; what was on its way is lost. With `reset` they see RST, else FIN. */
  end(how: 'reset' | 'close'): void {
    for (const pipe of this.#pipes) pipe.stop();
    for (const socket of [this.#client, this.#server]) {
      if (how === 'reset' && !socket.connecting) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}
