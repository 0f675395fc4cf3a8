import { BusError, errorTable } from '@arqonbus/protocol';
import type { ErrorCode } from '@arqonbus/protocol';

/** What a request is answered with. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string | Uint8Array;
}

/** A success; the body is JSON already, or a value. */
export function success(body: Uint8Array | object): HttpAnswer {
  return { status: 200, headers: {}, body: body instanceof Uint8Array ? body : JSON.stringify(body) };
}

/** A refusal as every road out tells it: `{error, error_code, details}` with the status of the one table ("Errors"). */
export function refusal(code: ErrorCode, text: string, details: Readonly<Record<string, unknown>>): HttpAnswer {
  const { httpStatus: status, isRetryable } = errorTable[code];
  const retryAfterMs = details['retry_after_ms'];
  const seconds = typeof retryAfterMs === 'number' ? Math.ceil(retryAfterMs / 1000) : 1;
  return {
    status,
    headers: {
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(isRetryable ? { 'retry-after': String(seconds) } : {}),
    },
    body: JSON.stringify({ error: text, error_code: code, details }),
  };
}

/** What somebody threw, told; anything but a `BusError` is a bug of ours, of which nothing is told but this id (PRT-10). */
export function refusalOf(error: unknown, onBug: (error: unknown) => string): HttpAnswer {
  if (error instanceof BusError && error.code !== 'INTERNAL_ERROR')
    return refusal(error.code, error.message, error.details);
  return refusal('INTERNAL_ERROR', errorTable.INTERNAL_ERROR.text, { trace_id: onBug(error) });
}
