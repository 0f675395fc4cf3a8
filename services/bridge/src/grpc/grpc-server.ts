import { createSecureServer, createServer } from 'node:http2';
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { BusError } from '@arqonbus/protocol';
import { addCertificateGauge, watchCertificate } from '@arqonbus/runtime';
import type { HttpServer, HttpServerOptions } from '../http/http-server.ts';
import { watchSessions } from './watch-sessions.ts';

const SERVER_OPTIONS = {
  settings: { maxConcurrentStreams: 1_000, maxHeaderListSize: 16_384, initialWindowSize: 262_144 },
  maxSessionMemory: 16,
} as const;

/** How long who is being answered may take at the end. */
const DRAIN_TIMEOUT_MS = 5_000;

/** A server of HTTP/2: of those who know that it is (h2c), or on TLS, as the HTTP server of the Bridge has it (AUT-6). */
export function createGrpcServer(
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  options: HttpServerOptions,
): HttpServer {
  const { server, stop } = createNodeServer(answer, options);
  const sessions = watchSessions(server);
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', (cause) =>
          reject(new BusError('UNAVAILABLE', 'The gRPC port of the Bridge is taken.', { cause })),
        );
        server.listen(port, host, () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    drain: () =>
      new Promise((resolve) => {
        stop();
        const timer = setTimeout(() => sessions.each((session) => session.destroy()), DRAIN_TIMEOUT_MS);
        server.close(() => {
          clearTimeout(timer);
          sessions.stop();
          resolve();
        });
        sessions.each((session) => session.close());
      }),
  };
}

function createNodeServer(
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  { tls, logger, clock, metrics }: HttpServerOptions,
): { readonly server: Http2Server | Http2SecureServer; readonly stop: () => void } {
  if (tls === undefined) return { server: createServer(SERVER_OPTIONS, answer), stop: () => undefined };
  const { cert, key } = tls;
  const server = createSecureServer({ ...SERVER_OPTIONS, cert, key, minVersion: 'TLSv1.2' }, answer);
  const watch = watchCertificate({
    pair: tls,
    logger,
    now: () => clock.now(),
    renew: (renewed) => server.setSecureContext({ cert: renewed.cert, key: renewed.key, minVersion: 'TLSv1.2' }),
  });
  addCertificateGauge(metrics, 'grpc', watch);
  return { server, stop: () => watch.stop() };
}
