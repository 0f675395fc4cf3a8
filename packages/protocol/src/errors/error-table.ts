/** What went wrong, for programs. */
export type ErrorCode =
  | 'VALIDATION_ERROR'
  | 'UNSUPPORTED_VERSION'
  | 'UNKNOWN_COMMAND'
  | 'UNKNOWN_TYPE'
  | 'AUTHENTICATION_FAILED'
  | 'TOKEN_EXPIRED'
  | 'AUTHORIZATION_ERROR'
  | 'NOT_SUBSCRIBED'
  | 'BANNED'
  | 'FEATURE_DISABLED'
  | 'NOT_FOUND'
  | 'ROOM_NOT_FOUND'
  | 'CHANNEL_NOT_FOUND'
  | 'TARGET_NOT_FOUND'
  | 'CHANNEL_EXISTS'
  | 'CHANNEL_NOT_EMPTY'
  | 'CONFLICT'
  | 'RESUME_EXPIRED'
  | 'PAYLOAD_TOO_LARGE'
  | 'RATE_LIMITED'
  | 'QUOTA_EXCEEDED'
  | 'SCHEMA_VIOLATION'
  | 'CASIL_POLICY_BLOCKED_SECRET'
  | 'CASIL_POLICY_OVERSIZE'
  | 'CASIL_INTERNAL_ERROR'
  | 'POLICY_BLOCKED'
  | 'POLICY_ERROR'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'INTERNAL_ERROR';

/** How one error code shows itself on every road out (protocol, "Errors"). */
export interface ErrorEntry {
  /** What it means, for people; the default text on the wire. */
  readonly text: string;
  readonly httpStatus: number;
  /** gRPC status code number. */
  readonly grpcStatus: number;
  /** Close code when the error ends a connection; 0 = it never does. */
  readonly closeCode: number;
  /** The same request may succeed later without a change. */
  readonly isRetryable: boolean;
}

function entry(text: string, httpStatus: number, grpcStatus: number, closeCode = 0, isRetryable = false): ErrorEntry {
  return { text, httpStatus, grpcStatus, closeCode, isRetryable };
}

/** Every error code, once. The only place that maps codes to texts, HTTP, gRPC and close codes. */
export const errorTable: Readonly<Record<ErrorCode, ErrorEntry>> = {
  VALIDATION_ERROR: entry('The request is malformed.', 400, 3, 4400),
  UNSUPPORTED_VERSION: entry('This protocol version is not spoken here.', 400, 3, 4400),
  UNKNOWN_COMMAND: entry('There is no such command.', 400, 12, 4400),
  UNKNOWN_TYPE: entry('Clients cannot send this message type.', 400, 3, 4400),
  AUTHENTICATION_FAILED: entry('The token was not accepted.', 401, 16, 4401),
  TOKEN_EXPIRED: entry('The token has expired.', 401, 16, 4401),
  AUTHORIZATION_ERROR: entry('You may not do this.', 403, 7, 4403),
  NOT_SUBSCRIBED: entry('Join the channel before publishing to it.', 403, 9, 4403),
  BANNED: entry('You are banned.', 403, 7, 4403),
  FEATURE_DISABLED: entry('This feature is switched off.', 403, 12, 4403),
  NOT_FOUND: entry('There is no such thing.', 404, 5),
  ROOM_NOT_FOUND: entry('There is no such room.', 404, 5),
  CHANNEL_NOT_FOUND: entry('There is no such channel.', 404, 5),
  TARGET_NOT_FOUND: entry('The target is not connected.', 404, 5),
  CHANNEL_EXISTS: entry('The channel exists already.', 409, 6),
  CHANNEL_NOT_EMPTY: entry('The channel has members.', 409, 9),
  CONFLICT: entry('The state has moved on.', 409, 10),
  RESUME_EXPIRED: entry('The session can no longer be resumed; join afresh.', 409, 9),
  PAYLOAD_TOO_LARGE: entry('The message is too large.', 413, 8, 1009),
  RATE_LIMITED: entry('Too many requests; slow down.', 429, 8, 4429, true),
  QUOTA_EXCEEDED: entry('A quota is used up.', 429, 8, 4429, true),
  SCHEMA_VIOLATION: entry('The payload does not match its schema.', 422, 3),
  CASIL_POLICY_BLOCKED_SECRET: entry('The content holds a probable secret.', 422, 9),
  CASIL_POLICY_OVERSIZE: entry('The content is larger than the policy allows.', 422, 9),
  CASIL_INTERNAL_ERROR: entry('The content could not be inspected.', 422, 13),
  POLICY_BLOCKED: entry('A policy refused the content.', 422, 9),
  POLICY_ERROR: entry('A policy failed.', 422, 13),
  UNAVAILABLE: entry('A part of the bus is not reachable; try again.', 503, 14, 1013, true),
  TIMEOUT: entry('No answer in time; the outcome is not known.', 503, 4, 0, true),
  INTERNAL_ERROR: entry('Something went wrong on our side.', 500, 13, 1011),
};

/** True when `value` is one of our error codes. */
export function isErrorCode(value: string): value is ErrorCode {
  return Object.hasOwn(errorTable, value);
}
