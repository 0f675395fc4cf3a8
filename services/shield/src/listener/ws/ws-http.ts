import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { addressFromText } from '../canonical-address.ts';
import { addHeader } from '../handshake.ts';
import type { RawHandshake } from '../handshake.ts';
import { refusalHeaders, refusePlainRequest, statusLine } from '../http-refusal.ts';
import { upgradePaths } from '../listener.ts';
import type { UpgradeRefusal } from '../listener.ts';

/** What the handshake's checks need of a request of `node:http`. */
export function readRequest(req: IncomingMessage): RawHandshake {
  const url = req.url ?? '';
  const mark = url.indexOf('?');
  const headers: Record<string, string | undefined> = Object.create(null) as Record<string, string | undefined>;
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    addHeader(headers, (req.rawHeaders[i] ?? '').toLowerCase(), req.rawHeaders[i + 1] ?? '');
  }
  return {
    method: req.method ?? '',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    headers,
    remoteAddress: addressFromText(req.socket.remoteAddress),
  };
}

/** Answers a request without an upgrade: 404, or 426 on an upgrade path. */
export function answerPlainRequest(req: IncomingMessage, res: ServerResponse): void {
  const { method, path } = readRequest(req);
  const refusal = refusePlainRequest(method === 'GET' && upgradePaths.includes(path));
  res.writeHead(refusal.status, { ...refusal.headers, ...bodyHeaders(refusal) }).end(refusal.body);
}

/** Answers an upgrade on its raw socket and ends it. */
export function refuseUpgrade(socket: Socket, refusal: UpgradeRefusal): void {
  const headers = Object.entries({ ...refusal.headers, ...bodyHeaders(refusal) });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  // Without a reader the client's half would stay open for as long as it likes.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${statusLine(refusal.status)}\r\n${lines}\r\n${refusal.body}`);
}

function bodyHeaders(refusal: UpgradeRefusal): Record<string, string> {
  return {
    ...refusalHeaders,
    'content-length': String(Buffer.byteLength(refusal.body)),
    connection: 'close',
  };
}
