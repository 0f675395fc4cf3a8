import type { Schema } from '@arqonbus/protocol';
import type { Caller } from '../caller/caller.ts';
import type { Operation } from '../operations/operation.ts';

/** What a route is given. */
export interface RouteRequest extends Operation {
  /** The parts of the path that its braces name. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
}

/** What is the same of all routes. */
interface RouteBase {
  /** For metrics, and the id of the operation in OpenAPI. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for a part. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
  /** Of the body; absent = it has none. */
  readonly body?: Schema;
  /** Of the query; absent = it has none. */
  readonly query?: Schema;
  readonly result: Schema;
  /** Repeats the request safely: it may be sent with `Idempotency-Key`. */
  readonly takesIdempotencyKey?: true;
}

/** One thing that can be asked. What `run` gives is the body of the answer: JSON, or a value. */
export type Route =
  | (RouteBase & {
      readonly isPublic?: false;
      readonly run: (request: RouteRequest) => Promise<Uint8Array | object>;
    })
  | (RouteBase & {
      readonly isPublic: true;
      readonly run: (request: Pick<RouteRequest, 'params' | 'query'>) => Promise<Uint8Array | object>;
    })
  | (RouteBase & {
      readonly isPublic?: false;
      /** Server-sent events, for as long as somebody reads. */
      readonly follow: (request: StreamRequest) => AsyncGenerator<string>;
    });

/** What a route that goes on is given. */
export interface StreamRequest extends Pick<RouteRequest, 'params'> {
  /** Who the caller is now; throws once its token or key is taken no more. */
  readonly identify: () => Promise<Caller>;
  /** Of the header `Last-Event-ID`; empty = none. */
  readonly lastEventId: string;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
}

/** A route, and what the path says. */
export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}
