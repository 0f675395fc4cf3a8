import { BusError, closeCodes, isErrorCode } from '@arqonbus/protocol';
import type { CloseCode, Envelope, ErrorCode } from '@arqonbus/protocol';
import { parseJsonObject } from './payload.ts';

/** How a connection, or a try for one, ended. */
export interface ConnectionEnd {
  /** The close code; 1006 when there was none. */
  readonly code: number;
  /** The server's text; may be empty. */
  readonly reason: string;
  /** True when the server had welcomed the client. */
  readonly wasWelcomed: boolean;
  /** The last error that the server told about the connection itself. */
  readonly error: BusError | undefined;
  /** When the server wants the client back, in ms since the epoch; 0 = it did not say. */
  readonly returnAtMs: number;
}

const codeOfClose: Readonly<Record<number, ErrorCode>> = {
  1003: 'VALIDATION_ERROR',
  1007: 'VALIDATION_ERROR',
  1009: 'PAYLOAD_TOO_LARGE',
  4400: 'VALIDATION_ERROR',
  4401: 'AUTHENTICATION_FAILED',
  4403: 'AUTHORIZATION_ERROR',
  4413: 'QUOTA_EXCEEDED',
  4429: 'RATE_LIMITED',
};

/** Why the connection ended, as an error: the server's own word where there is one, else after the close code. */
export function errorOfEnd(end: ConnectionEnd): BusError {
  const details = { close_code: end.code, close_reason: end.reason };
  if (end.error !== undefined) {
    return new BusError(end.error.code, end.error.message, { details: { ...end.error.details, ...details } });
  }
  const isKnown = Object.hasOwn(closeCodes, end.code);
  const name = isKnown ? closeCodes[end.code as CloseCode].name : 'connection closed';
  const text = `The connection ended: ${name} (${end.code}${end.reason === '' ? '' : `, ${end.reason}`}).`;
  return new BusError(codeOfClose[end.code] ?? 'UNAVAILABLE', text, { details });
}

/** The error that an `error` frame tells. A code that this version does not know is kept in `details.error_code`. */
export function errorOfEnvelope(envelope: Envelope): BusError {
  const details = parseJsonObject(envelope.payload);
  const text = envelope.error === '' ? undefined : envelope.error;
  if (isErrorCode(envelope.errorCode)) return new BusError(envelope.errorCode, text, { details });
  return new BusError('INTERNAL_ERROR', text, { details: { ...details, error_code: envelope.errorCode } });
}

/** The wait that an error asks for, in ms; 0 = none. */
export function retryAfterMs(error: BusError): number {
  const value = error.details['retry_after_ms'];
  return typeof value === 'number' && value > 0 ? value : 0;
}
