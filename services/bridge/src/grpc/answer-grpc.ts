import { setMaxListeners } from 'node:events';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { constants } from 'node:http2';
import { BusError } from '@arqonbus/protocol';
import type { Limits } from '@arqonbus/protocol';
import { BridgeService, Health, ServerReflection } from '@arqonbus/protocol/bridge-messages';
import type { Spine } from '@arqonbus/spine';
import { createContextValues } from '@connectrpc/connect';
import type { ConnectRouter } from '@connectrpc/connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { compressionGzip, connectNodeAdapter } from '@connectrpc/connect-node';
import type { BridgeObserver } from '../bridge-metrics.ts';
import type { CallerRates } from '../caller/caller-rates.ts';
import type { Identify } from '../caller/identify.ts';
import { addCommandMethods, createCommandMethods } from './command-methods.ts';
import { createFollowMethod } from './follow-method.ts';
import { callKey, operationOf } from './grpc-call.ts';
import type { GrpcCall } from './grpc-call.ts';
import { grpcErrorOf } from './grpc-error.ts';
import { createHealthService } from './health-service.ts';
import { createObserve } from './observe-calls.ts';
import { createPublishMethods } from './publish-methods.ts';
import type { MethodOptions } from './publish-methods.ts';
import { createReflectionService } from './reflection-service.ts';

/** What answering needs from around it. */
export interface AnswerGrpcOptions {
  readonly spine: Spine;
  readonly limits: Limits;
  readonly identify: Identify;
  readonly rates: CallerRates;
  readonly observer: BridgeObserver;
  /** Told of a bug of ours; gives the id that the caller is told. */
  readonly onBug: (bug: unknown) => string;
  readonly isReady: () => boolean;
  readonly monotonicMs: () => number;
  /** Of a message. */
  readonly maxBodyBytes: number;
  /** Calls at once, streams and requests of HTTP among them; more are told to come again. */
  readonly maxInFlight: number;
  /** Aborted when streams are to end. */
  readonly signal: AbortSignal;
}

/** Calls that need no token are held to so many at once. */
const MAX_PUBLIC_IN_FLIGHT = 100;
/** Longer waits than this are for nothing here. */
const MAX_TIMEOUT_MS = 24 * 3_600_000;
const ENDS = 'The Bridge is going away.';

type AnswerGrpc = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

/** Answers calls of gRPC, of nobody who has not said who it is, and by the operations that answer HTTP (BRG-1). */
export function createAnswerGrpc(options: AnswerGrpcOptions): AnswerGrpc {
  const { observer } = options;
  const calls = new WeakMap<object, GrpcCall>();
  const publicInFlight = { count: 0 };
  const shutdown = new AbortController();
  // Each call under way listens to it, and their number is bounded below.
  setMaxListeners(0, shutdown.signal);
  options.signal.addEventListener('abort', () =>
    shutdown.abort(grpcErrorOf(new BusError('UNAVAILABLE', ENDS), String)),
  );
  const handle = connectNodeAdapter({
    grpcWeb: false,
    connect: false,
    acceptCompression: [compressionGzip],
    readMaxBytes: options.maxBodyBytes,
    maxTimeoutMs: MAX_TIMEOUT_MS,
    shutdownSignal: shutdown.signal,
    interceptors: [createObserve(options)],
    contextValues: (request) => createContextValues().set(callKey, calls.get(request)),
    routes: (router) => addServices(router, options),
  });
  return (request, response) => {
    const isPublic = !request.url.startsWith(`/${BridgeService.typeName}/`);
    const inFlight = isPublic ? publicInFlight : observer.inFlight;
    inFlight.count += 1;
    request.stream.once('close', () => (inFlight.count -= 1));
    // A call ends when its request has: what is left of one that was too long is dropped, past the reader who gave it up.
    request.stream.once('finish', () => request.stream.removeAllListeners('data').resume());
    const admit = async (): Promise<void> => {
      if (inFlight.count > (isPublic ? MAX_PUBLIC_IN_FLIGHT : options.maxInFlight)) {
        throw new BusError('UNAVAILABLE', 'The Bridge has too much to do.', { details: { retry_after_ms: 1_000 } });
      }
      if (isPublic) return;
      const caller = await options.identify(request.headers.authorization ?? '');
      const cut = (): void => request.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      calls.set(request, { caller, cut });
    };
    admit().then(
      () => handle(request, response),
      (error: unknown) => refuse(request, error, options),
    );
  };
}

function addServices(router: ConnectRouter, options: AnswerGrpcOptions): void {
  const { spine, limits, rates } = options;
  const methods: MethodOptions = { spine, limits, operationOf: (context) => operationOf(context, rates) };
  router.service(BridgeService, {
    ...createPublishMethods(methods),
    ...createCommandMethods(methods),
    follow: createFollowMethod(methods, options.identify),
  });
  addCommandMethods(router, methods);
  router.service(Health, createHealthService(options.isReady));
  router.service(ServerReflection, createReflectionService([BridgeService, Health, ServerReflection]));
}

/** Before anything of it is read: the answer is its trailers alone. */
function refuse({ stream }: Http2ServerRequest, error: unknown, { observer, onBug }: AnswerGrpcOptions): void {
  const refusal = grpcErrorOf(error, onBug);
  observer.called('none', refusal.code);
  if (stream.destroyed) return;
  const trailer = setTrailerStatus(new Headers({ 'content-type': 'application/grpc+proto' }), refusal);
  stream.respond({ ':status': 200, ...Object.fromEntries(trailer) }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}
