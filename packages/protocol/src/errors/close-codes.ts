/** What a client does after a close code (protocol, "Reconnect on"). */
export type AfterClose = 'reconnect' | 'reconnect_with_new_token' | 'stop';

/** Every close code that a server sends or a client may see. */
export const closeCodes = {
  1001: { name: 'going away', after: 'reconnect' },
  1002: { name: 'protocol error', after: 'stop' },
  1003: { name: 'wrong frame kind', after: 'stop' },
  1006: { name: 'connection lost', after: 'reconnect' },
  1007: { name: 'invalid UTF-8', after: 'stop' },
  1009: { name: 'message too big', after: 'stop' },
  1011: { name: 'internal error', after: 'reconnect' },
  1012: { name: 'draining', after: 'reconnect' },
  1013: { name: 'overload', after: 'reconnect' },
  4400: { name: 'bad frames', after: 'stop' },
  4401: { name: 'token', after: 'reconnect_with_new_token' },
  4403: { name: 'forbidden', after: 'stop' },
  4408: { name: 'idle', after: 'reconnect' },
  4409: { name: 'slow consumer', after: 'reconnect' },
  4413: { name: 'too many subscriptions', after: 'stop' },
  4429: { name: 'rate', after: 'reconnect' },
} as const;

/** A close code of the protocol. */
export type CloseCode = keyof typeof closeCodes;

/** What to do after this code; codes nobody named (other libraries', proxies') are tried again. */
export function afterClose(code: number): AfterClose {
  return Object.hasOwn(closeCodes, code) ? closeCodes[code as CloseCode].after : 'reconnect';
}
