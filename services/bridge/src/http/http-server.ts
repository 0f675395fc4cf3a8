import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsPair } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import type { Clock } from '@arqonbus/protocol';
import { addCertificateGauge, watchCertificate } from '@arqonbus/runtime';
import type { Logger, Metrics } from '@arqonbus/telemetry';

/** The HTTP server of a Bridge. */
export interface HttpServer {
  /** Binds and gives the port; 0 takes a free one. Throws `UNAVAILABLE` where it cannot be bound. */
  listen(host: string, port: number): Promise<number>;
  /** Takes nothing new; resolves when what was under way is answered, at the latest after some seconds. */
  drain(): Promise<void>;
}

/** What a server needs beside who answers. */
export interface HttpServerOptions {
  readonly tls: TlsPair | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

const SERVER_OPTIONS = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 1_000,
} as const;

/** How long who is being answered may take at the end. */
const DRAIN_TIMEOUT_MS = 5_000;

/** A server on plain HTTP, or on TLS of version 1.2 or 1.3 whose certificate is read again when it changes (AUT-6). */
export function createHttpServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  options: HttpServerOptions,
): HttpServer {
  const { server, stop } = createNodeServer(answer, options);
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', (cause) =>
          reject(new BusError('UNAVAILABLE', 'The port of the Bridge is taken.', { cause })),
        );
        server.listen(port, host, () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    drain: () =>
      new Promise((resolve) => {
        stop();
        const timer = setTimeout(() => server.closeAllConnections(), DRAIN_TIMEOUT_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function createNodeServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  { tls, logger, clock, metrics }: HttpServerOptions,
): { readonly server: Server; readonly stop: () => void } {
  if (tls === undefined) return { server: createServer(SERVER_OPTIONS, answer), stop: () => undefined };
  const { cert, key } = tls;
  const server = createTlsServer({ ...SERVER_OPTIONS, cert, key, minVersion: 'TLSv1.2' }, answer);
  const watch = watchCertificate({
    pair: tls,
    logger,
    now: () => clock.now(),
    renew: (renewed) => server.setSecureContext({ cert: renewed.cert, key: renewed.key, minVersion: 'TLSv1.2' }),
  });
  addCertificateGauge(metrics, 'bridge', watch);
  return { server, stop: () => watch.stop() };
}
