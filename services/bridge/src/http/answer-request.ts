import type { IncomingMessage, ServerResponse } from 'node:http';
import { BusError } from '@arqonbus/protocol';
import { EDGE_TIMEOUT_MS, deadlineIn } from '@arqonbus/spine';
import type { BridgeObserver } from '../bridge-metrics.ts';
import type { CallerRates } from '../caller/caller-rates.ts';
import type { Identify } from '../caller/identify.ts';
import { findRoute } from '../routes/find-route.ts';
import type { Route, RouteMatch } from '../routes/route.ts';
import { refusalOf, success } from './http-answer.ts';
import type { HttpAnswer } from './http-answer.ts';
import { writeEvents } from './write-events.ts';
import { readBody } from './read-body.ts';

/** What answering needs from around it. */
export interface AnswerOptions {
  readonly routes: readonly Route[];
  readonly identify: Identify;
  readonly rates: CallerRates;
  readonly observer: BridgeObserver;
  /** Told of a bug of ours; gives the id that the caller is told. */
  readonly onBug: (bug: unknown) => string;
  readonly monotonicMs: () => number;
  /** Of a body. */
  readonly maxBodyBytes: number;
  /** Requests at once, streams among them; more are told to come again. */
  readonly maxInFlight: number;
  /** Aborted when streams are to end. */
  readonly signal: AbortSignal;
}

/** Answers one request: who it is, what it wants, what became of it. Never throws. */
export function createAnswerRequest(
  options: AnswerOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  const { observer, monotonicMs } = options;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = monotonicMs();
    const found = findRoute(options.routes, request.method ?? '', request.url ?? '');
    const answered = await answerSafely(request, response, found, options);
    if (answered === undefined) return;
    if (!request.complete) response.setHeader('connection', 'close');
    write(response, answered);
    const route = found.kind === 'found' ? found.match.route.name : '';
    observer.answered(route, answered.status, monotonicMs() - startedMs);
  };
  return (request, response) => {
    observer.inFlight.count += 1;
    void answer(request, response).finally(() => (observer.inFlight.count -= 1));
  };
}

type Found = ReturnType<typeof findRoute>;

/** Undefined = it has been answered, with a stream. */
async function answerSafely(
  request: IncomingMessage,
  response: ServerResponse,
  found: Found,
  options: AnswerOptions,
): Promise<HttpAnswer | undefined> {
  const { onBug } = options;
  try {
    if (options.observer.inFlight.count > options.maxInFlight) {
      throw new BusError('UNAVAILABLE', 'The Bridge has too much to do.', { details: { retry_after_ms: 1_000 } });
    }
    if (found.kind === 'none') throw new BusError('NOT_FOUND');
    if (found.kind === 'method') return notAllowed(found.allowed);
    const { route } = found.match;
    if (!('follow' in route)) return await run(request, found.match, route, options);
    const { identify } = options;
    const nobody = new AbortController();
    response.once('close', () => nobody.abort());
    const header = request.headers['last-event-id'];
    const events = route.follow({
      params: found.match.params,
      identify: () => identify(request.headers.authorization ?? ''),
      lastEventId: typeof header === 'string' ? header : '',
      signal: AbortSignal.any([nobody.signal, options.signal]),
    });
    await writeEvents(response, events, (error) => String(refusalOf(error, onBug).body));
    return undefined;
  } catch (error) {
    return refusalOf(error, onBug);
  }
}

async function run(
  request: IncomingMessage,
  { params, query }: RouteMatch,
  route: Exclude<Route, { readonly follow: unknown }>,
  { identify, rates, maxBodyBytes }: AnswerOptions,
): Promise<HttpAnswer> {
  if (route.isPublic === true) return success(await route.run({ params, query }));
  const caller = await identify(request.headers.authorization ?? '');
  const body = await readBody(request, maxBodyBytes);
  const header = request.headers['idempotency-key'];
  const idempotencyKey = typeof header === 'string' ? header : '';
  const deadlineMs = deadlineIn(EDGE_TIMEOUT_MS);
  const operation = { caller, idempotencyKey, deadlineMs, charge: (n: number) => rates.take(caller, n) };
  return success(await route.run({ ...operation, params, query, body }));
}

function notAllowed(allowed: readonly string[]): HttpAnswer {
  const body = { error: 'This method is not answered here.', error_code: 'VALIDATION_ERROR', details: {} };
  return { status: 405, headers: { allow: allowed.join(', ') }, body: JSON.stringify(body) };
}

/** No page of a browser may read it: pages speak to the bus by WebSocket, with tokens of their users. */
function write(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
