import { jsonRefusal, refusePlainRequest, upgradeRequired } from './http-refusal.ts';
import { upgradePaths } from './listener.ts';
import type { UpgradeRefusal, UpgradeRequest } from './listener.ts';

/** Request line and headers as an engine read them; headers by lower-case name, see {@link addHeader}. */
export interface RawHandshake {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string;
}

/** A handshake that may be shown to the Shield, or the answer to a malformed one. */
export type HandshakeReading =
  | { readonly ok: true; readonly request: UpgradeRequest }
  | { readonly ok: false; readonly refusal: UpgradeRefusal };

/** Names and values of all headers together (limits in 03). */
export const MAX_HEADER_BYTES: number = 8 * 1024;

/** Checks a handshake against RFC 6455, 4.2.1 and splits its subprotocols, in linear time (P-13). */
export function readHandshake(raw: RawHandshake): HandshakeReading {
  const refusal = refuseHandshake(raw);
  if (refusal !== undefined) {
    return { ok: false, refusal };
  }
  const protocols = splitProtocols(raw.headers['sec-websocket-protocol']);
  if (protocols === undefined) {
    return { ok: false, refusal: badRequest('Sec-WebSocket-Protocol is malformed.') };
  }
  const { headers, path, query, remoteAddress } = raw;
  return {
    ok: true,
    request: {
      path,
      query,
      origin: headers['origin'] ?? '',
      authorization: headers['authorization'] ?? '',
      forwardedFor: headers['x-forwarded-for'] ?? '',
      remoteAddress,
      protocols,
    },
  };
}

/**
 * Adds a header line; a repeated one is joined, so that two keys or two tokens are refused instead of one being picked
 * (P-14).
 */
export function addHeader(headers: Record<string, string | undefined>, name: string, value: string): void {
  const before = headers[name];
  headers[name] = before === undefined ? value : `${before}, ${value}`;
}

const keyPattern = /^[+/0-9A-Za-z]{22}==$/;
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function refuseHandshake(raw: RawHandshake): UpgradeRefusal | undefined {
  const { method, path, headers } = raw;
  if (headerBytes(raw) > MAX_HEADER_BYTES) {
    return jsonRefusal(431, 'PAYLOAD_TOO_LARGE', 'The headers are too large.');
  }
  const isUpgradePath = method === 'GET' && upgradePaths.includes(path);
  if (!isUpgradePath || !hasToken(headers['upgrade'], 'websocket') || !hasToken(headers['connection'], 'upgrade')) {
    return refusePlainRequest(isUpgradePath);
  }
  if (!keyPattern.test(headers['sec-websocket-key'] ?? '')) {
    return badRequest('Sec-WebSocket-Key is missing or malformed.');
  }
  if (headers['sec-websocket-version'] !== '13') {
    return jsonRefusal(426, 'VALIDATION_ERROR', 'Only WebSocket version 13 is spoken here.', upgradeRequired);
  }
  return undefined;
}

function headerBytes({ path, query, headers }: RawHandshake): number {
  let bytes = path.length + query.length;
  for (const name in headers) {
    bytes += name.length + (headers[name]?.length ?? 0) + 4;
  }
  return bytes;
}

function badRequest(error: string): UpgradeRefusal {
  return jsonRefusal(400, 'VALIDATION_ERROR', error);
}

function hasToken(header: string | undefined, token: string): boolean {
  return header !== undefined && header.split(',').some((part) => part.trim().toLowerCase() === token);
}

/** `[]` where none are offered, undefined where one is no token or comes twice. */
function splitProtocols(header: string | undefined): string[] | undefined {
  if (header === undefined || header === '') {
    return [];
  }
  const protocols = header.split(',').map((part) => part.trim());
  const isSound = new Set(protocols).size === protocols.length && protocols.every((part) => tokenPattern.test(part));
  return isSound ? protocols : undefined;
}
