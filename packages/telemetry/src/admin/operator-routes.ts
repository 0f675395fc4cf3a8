import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BusError, errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';

/** A request that has shown the operator's token. */
export interface OperatorRequest {
  readonly method: string;
  /** Beginning with the prefix of the routes; without the query. */
  readonly path: string;
  /** As it came, at most as long as the routes take. */
  readonly body: string;
  readonly remoteAddress: string;
}

/** An answer in JSON. */
export interface OperatorAnswer {
  readonly status: number;
  readonly body: object;
}

/** What only an operator of the whole platform may ask ("Everything else needs a token"). */
export interface OperatorRoutes {
  /** `/settings`: this path and everything below it. */
  readonly prefix: string;
  /** Longest body that is taken. Default 4 KiB. */
  readonly maxBodyBytes?: number;
  /** Bearer token that is demanded; empty = nobody may. */
  readonly token: string;
  /** May reject with a `BusError`, whose code and text are told. */
  handle(request: OperatorRequest): Promise<OperatorAnswer>;
}

const MAX_BODY_BYTES = 4_096;

/** True where the path belongs to these routes. */
export function isOperatorPath(path: string, { prefix }: OperatorRoutes): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** Checks the token, then the size of the body, and hands the request on. Never rejects. */
export async function answerOperator(
  request: IncomingMessage,
  path: string,
  routes: OperatorRoutes,
): Promise<OperatorAnswer> {
  if (routes.token === '') return operatorRefusal('FEATURE_DISABLED', 'There is no operator token (http.admin_token).');
  if (!hasToken(request.headers.authorization ?? '', routes.token)) return operatorRefusal('AUTHENTICATION_FAILED');
  try {
    const body = await readBody(request, routes.maxBodyBytes ?? MAX_BODY_BYTES);
    if (body === undefined) return operatorRefusal('PAYLOAD_TOO_LARGE');
    const { method = '', socket } = request;
    return await routes.handle({ method, path, body, remoteAddress: socket.remoteAddress ?? '' });
  } catch (error) {
    return error instanceof BusError ? operatorRefusal(error.code, error.message) : operatorRefusal('INTERNAL_ERROR');
  }
}

/** The refusal with this code, and its own text where no other is given. */
export function operatorRefusal(code: ErrorCode, text: string = errorTable[code].text): OperatorAnswer {
  return { status: errorTable[code].httpStatus, body: { error: text, error_code: code, details: {} } };
}

/** Compares digests, which have one length, so that the time tells nothing of the token. */
function hasToken(authorization: string, token: string): boolean {
  return timingSafeEqual(digest(authorization), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The answer to a body that is too long needs the socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
