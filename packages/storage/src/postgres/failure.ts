import { BusError } from '@arqonbus/protocol';

/** What kind of failure it was: of the connection, of time, of a race, or none of these, which is a bug of ours. */
export type FailureKind = 'connection' | 'timeout' | 'conflict' | 'fault';

/** A standby, or a server that was made read-only: it would take the statement, were it the one that writes. */
export const READ_ONLY_CODE = '25006';
/** What such a server says of itself, in SQL. */
export const IS_READ_ONLY = "current_setting('transaction_read_only')::boolean";

/** Classes and codes of SQLSTATE with which a server says that it cannot serve now. */
const CONNECTION = /^(08|57P0[1-5]|53300|28|3D000|25006)/;
const TIMEOUT = new Set(['57014', '55P03', '25P03']);
const CONFLICT = new Set(['40001', '40P01', '23505']);
/** Codes of Node, and words of the client, which gives its own failures no code. */
const SOCKET =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ENOENT|CERT_|ERR_TLS|SELF_SIGNED|UNABLE_TO|DEPTH_ZERO)/;
const CLIENT_WORDS =
  /connection terminated|timeout exceeded when trying to connect|not queryable|connection error|SSL/i;

/** Tells failures of the driver apart. */
export function kindOfFailure(error: unknown): FailureKind {
  if (!(error instanceof Error)) return 'fault';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (CONNECTION.test(code) || SOCKET.test(code)) return 'connection';
  if (TIMEOUT.has(code)) return 'timeout';
  if (CONFLICT.has(code)) return 'conflict';
  if (code !== '') return 'fault';
  if (/read timeout/i.test(error.message)) return 'connection';
  return CLIENT_WORDS.test(error.message) || error instanceof AggregateError ? 'connection' : 'fault';
}

/** What callers are told; what is none of these failures is passed on as it is. */
export function toBusError(error: unknown): unknown {
  if (error instanceof BusError) return error;
  const kind = kindOfFailure(error);
  if (kind === 'fault') return error;
  return new BusError(kind === 'conflict' ? 'CONFLICT' : 'UNAVAILABLE', undefined, { cause: error });
}
