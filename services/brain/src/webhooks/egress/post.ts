import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { BlockedAddressError } from './checked-lookup.ts';
import { hostOf, parseTarget } from './parse-target.ts';
import type { TargetRules } from './parse-target.ts';

/** One request to somebody's endpoint. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** For all of it, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
}

/** Why there was no answer. */
export type PostFailure = 'blocked' | 'timeout' | 'connection' | 'answer';

/** What became of it. A redirect is an answer like any other: nobody follows it. */
export type PostOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string }
  | { readonly kind: 'failed'; readonly reason: PostFailure };

/** Sends requests to addresses of strangers (WHK-4). Never throws. */
export interface Poster {
  post(request: PostRequest): Promise<PostOutcome>;
  /** Ends connections that are kept open. */
  close(): void;
}

const MAX_ANSWER_BYTES = 65_536;
const MAX_HEADER_BYTES = 16_384;
/** Connections that are kept for the next request. */
const MAX_FREE_SOCKETS = 64;
const KEPT_MS = 15_000;

/** Posts where the rules allow it, by connections whose addresses `lookup` has checked. */
export function createPoster(rules: TargetRules, lookup: LookupFunction): Poster {
  const options = { keepAlive: true, maxFreeSockets: MAX_FREE_SOCKETS, timeout: KEPT_MS };
  const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };
  return {
    post: (request) => {
      // Once more: the rules may be others than when it was registered.
      const parsed = parseTarget(request.url, rules);
      if (!parsed.ok) return Promise.resolve({ kind: 'failed', reason: 'blocked' });
      const { url } = parsed;
      const agent = agents[url.protocol === 'https:' ? 'https:' : 'http:'];
      return send(url, request, agent, lookup);
    },
    close: () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function send(
  url: URL,
  { headers, body, timeoutMs }: PostRequest,
  agent: http.Agent,
  lookup: LookupFunction,
): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, {
      method: 'POST',
      agent,
      lookup,
      headers: { ...headers, 'content-length': String(body.length) },
      maxHeaderSize: MAX_HEADER_BYTES,
      servername: isIP(hostOf(url)) === 0 ? url.hostname : '',
    });
    const timer = setTimeout(() => end({ kind: 'failed', reason: 'timeout' }), timeoutMs);
    const end = (outcome: PostOutcome, isReusable = false): void => {
      clearTimeout(timer);
      resolve(outcome);
      if (!isReusable) request.destroy();
    };
    request.on('error', (error) => {
      const reason = error instanceof BlockedAddressError ? 'blocked' : 'connection';
      end({ kind: 'failed', reason });
    });
    request.on('response', (response) => readAnswer(response, end));
    request.end(body);
  });
}

/** Of the body nothing is kept; it is read so that the connection may serve again. */
function readAnswer(response: http.IncomingMessage, end: (outcome: PostOutcome, isReusable?: boolean) => void): void {
  const status = response.statusCode ?? 0;
  const answered = { kind: 'answered', status, retryAfter: response.headers['retry-after'] ?? '' } as const;
  let bytes = 0;
  response.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) end(answered);
  });
  response.on('end', () => end(answered, true));
  response.on('error', () => end({ kind: 'failed', reason: 'answer' }));
}
