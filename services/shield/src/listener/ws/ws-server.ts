import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TlsPair } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { MAX_HEADER_BYTES } from '../handshake.ts';
import type { Listener, ListenerLimits } from '../listener.ts';
import { answerPlainRequest } from './ws-http.ts';

/** The HTTP server under a `ws` listener. */
export interface WsServer extends Pick<Listener<unknown>, 'renewTls'> {
  readonly server: Server;
  /** Cuts the sockets that have not finished their TLS handshake. */
  cutUnsecured(): void;
}

/** A server that answers plain requests, over TLS where there is a certificate. */
export function createWsServer(limits: ListenerLimits, tls: TlsPair | undefined): WsServer {
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.handshakeTimeoutMs,
    requestTimeout: limits.handshakeTimeoutMs,
    connectionsCheckingInterval: limits.handshakeTimeoutMs / 4,
  };
  if (tls === undefined) {
    const server = createServer(options, answerPlainRequest);
    return { server, renewTls: () => undefined, cutUnsecured: () => undefined };
  }
  const tlsOptions = { ...options, ...contextOf(tls), handshakeTimeout: limits.handshakeTimeoutMs };
  const server = createTlsServer(tlsOptions, answerPlainRequest);
  return {
    server,
    renewTls: (renewed) => {
      try {
        server.setSecureContext(contextOf(renewed));
      } catch (cause) {
        throw new BusError('UNAVAILABLE', 'the ws listener refuses the certificate', { cause });
      }
    },
    cutUnsecured: followUnsecured(server),
  };
}

function contextOf({ cert, key }: TlsPair): { cert: Buffer; key: Buffer; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' };
}

/** The server knows its requests, and the sockets that have none yet only when they are secure. */
function followUnsecured(server: TlsServer): () => void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}
