import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { AbstractConnector } from 'ioredis';

/** What ioredis gives a connector of ours. */
export interface ConnectorOptions {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: ConnectionOptions;
  readonly disconnectTimeout?: number;
}

const DISCONNECT_TIMEOUT_MS = 2_000;

/**
 * Opens the sockets of a client in the place of ioredis' own connector, which hears the first error of a socket alone: a
 * second one, as a TLS handshake may bring when it is refused by both sides, would end the process (R-17).
 */
export class GuardedConnector extends AbstractConnector {
  readonly #options: ConnectorOptions;

  constructor(options: unknown) {
    const own = options as ConnectorOptions;
    super(own.disconnectTimeout ?? DISCONNECT_TIMEOUT_MS);
    this.#options = own;
  }

  async connect(): Promise<Socket> {
    const { host = '127.0.0.1', port = 6_379, tls } = this.#options;
    this.connecting = true;
    const stream = tls === undefined ? createConnection({ host, port }) : connectTls({ ...tls, host, port });
    stream.on('error', (error) => (this.firstError ??= error));
    this.stream = stream;
    return stream;
  }
}
