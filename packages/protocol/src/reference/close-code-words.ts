import type { CloseCode } from '../errors/close-codes.ts';

/** When a connection ends with each close code, for the protocol reference. */
export const closeCodeWords: Readonly<Record<CloseCode, string>> = {
  1001: 'A proxy or a page that is left; the bus itself does not send it.',
  1002: 'The frame breaks the WebSocket protocol.',
  1003: 'A text frame on a Protobuf connection, or a binary frame on a JSON one.',
  1006: 'No close frame came: the network, a killed process, or a violation that the socket engine ends by itself.',
  1007: 'A text frame that is not UTF-8.',
  1009: 'A frame over `limits.max_frame_bytes`, or one of too many fragments.',
  1011: 'A fault of the server.',
  1012: 'The Shield shuts down, or the connection has reached its longest life. `going_away` came before.',
  1013: 'Too much to do, draining, or cut off from the Spine.',
  4400: 'Too many bad frames (`limits.bad_frames_per_minute`).',
  4401: 'The token was not accepted, or has expired.',
  4403: 'Banned, ended by an operator, an origin that may not connect, or resumed on another connection (`replaced`).',
  4408: 'Nothing came from the client for `limits.idle_timeout_ms`, not even a pong.',
  4409: 'The client does not read: more than the outbound buffer waits, and nothing moves.',
  4413: 'Too many subscriptions. This version answers `QUOTA_EXCEEDED` and keeps the connection.',
  4429: 'Too many refusals (`limits.refusals_per_ten_seconds`), too many connections, or a flood of pings. See [floods](#floods).',
};
