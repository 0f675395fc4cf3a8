import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BusError, errorTable } from '@arqonbus/protocol';
import type { Metrics } from '../metrics/metrics.ts';
import { healthStatus } from './health-report.ts';
import type { HealthReport, VersionInfo } from './health-report.ts';
import { answerOperator, isOperatorPath } from './operator-routes.ts';
import type { OperatorRoutes } from './operator-routes.ts';

/** A fixed page or file beside the routes of every process. */
export interface ExtraRoute {
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

/** What the admin port serves. */
export interface AdminServerOptions {
  readonly metrics: Metrics;
  readonly health: () => HealthReport;
  readonly version: VersionInfo;
  /** Pages by exact path, for GET; read at every request, so it may be filled later. */
  readonly extraRoutes?: ReadonlyMap<string, ExtraRoute>;
  /** What needs the operator's token; absent = there is no such thing here. */
  readonly operator?: readonly OperatorRoutes[];
  /** Wall clock, ms since the Unix epoch. */
  readonly now?: () => number;
  /** Seconds since the process started. */
  readonly uptimeSeconds?: () => number;
}

/** The HTTP server of the admin port. */
export interface AdminServer {
  /** Binds and returns the port (0 = a free one). Throws `UNAVAILABLE` when the address cannot be bound. */
  listen(host: string, port: number): Promise<number>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/**
 * Serves `/health/live`, `/health/ready`, `/health`, `/version`, `/metrics` and the extra routes. Paths are compared
 * as they come, so no spelling reaches a route but its own; everything else is a 404 in JSON. Reads a body for none but
 * the operator's routes.
 */
export function createAdminServer(options: AdminServerOptions): AdminServer {
  const routes = createRoutes(options);
  const server = createServer(
    { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 },
    (request, response) => answer(request, response, routes, options),
  );
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', (cause) =>
          reject(new BusError('UNAVAILABLE', 'The admin port cannot be bound.', { cause })),
        );
        server.listen(port, host, () => {
          const address = server.address();
          resolve(typeof address === 'object' && address !== null ? address.port : port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

type Routes = ReadonlyMap<string, () => Answer>;

function createRoutes(options: AdminServerOptions): Routes {
  const { metrics, health, version, now = Date.now, uptimeSeconds = process.uptime } = options;
  const { name, protocol, gitCommit, buildDate } = version;
  return new Map([
    ['/health/live', () => json(200, { status: 'ok' })],
    ['/health/ready', () => healthAnswer(health(), {})],
    [
      '/health',
      () =>
        healthAnswer(health(), {
          version: version.version,
          uptime_seconds: Math.floor(uptimeSeconds()),
          timestamp: new Date(now()).toISOString(),
        }),
    ],
    [
      '/version',
      () =>
        json(200, {
          name,
          version: version.version,
          protocol,
          build: { git_commit: gitCommit, build_date: buildDate },
        }),
    ],
    [
      '/metrics',
      () => ({ status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.render() }),
    ],
  ]);
}

function healthAnswer(report: HealthReport, about: object): Answer {
  return json(report.ready ? 200 : 503, { status: healthStatus(report), ...about, checks: report.checks });
}

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes,
  { extraRoutes, operator = [] }: AdminServerOptions,
): void {
  const path = pathOf(request);
  const owned = operator.find((routes) => isOperatorPath(path, routes));
  if (owned === undefined) {
    write(request, response, findAnswer(request, routes, extraRoutes));
    return;
  }
  void answerOperator(request, path, owned).then(({ status, body }) => {
    // Who was refused before its body was read may still be sending it.
    response.setHeader('connection', 'close');
    write(request, response, json(status, body));
  });
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}

function write(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function findAnswer(
  request: IncomingMessage,
  routes: Routes,
  extraRoutes: ReadonlyMap<string, ExtraRoute> | undefined,
): Answer {
  const path = pathOf(request);
  const route = routes.get(path);
  const page = extraRoutes?.get(path);
  if (route === undefined && page === undefined) return refusal(404, 'NOT_FOUND', errorTable.NOT_FOUND.text);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return refusal(405, 'VALIDATION_ERROR', 'Only GET and HEAD are answered here.');
  }
  try {
    return route === undefined ? { status: 200, ...(page as ExtraRoute) } : route();
  } catch {
    // A gauge or check that throws must not end the process, and its text must not reach the asker.
    return refusal(500, 'INTERNAL_ERROR', errorTable.INTERNAL_ERROR.text);
  }
}

function refusal(status: number, code: string, text: string): Answer {
  return json(status, { error: text, error_code: code, details: {} });
}
