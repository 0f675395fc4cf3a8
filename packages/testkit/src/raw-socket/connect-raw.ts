import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { parseHttpHead } from './http-head.ts';
import type { HttpHead } from './http-head.ts';
import { createRawSocket } from './raw-socket.ts';
import type { RawConduct, RawSocket } from './raw-socket.ts';
import { PATIENCE_MS } from './wait-until.ts';
import { withTimeout } from './with-timeout.ts';

/** Where to connect and how. */
export interface ConnectRawOptions extends RawConduct {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default `GET`. */
  readonly method?: string;
  /** Path and query; default `/v1/socket`. */
  readonly path?: string;
  /**
   * Added to the handshake's headers, or in their place; undefined leaves one out. Names as in the handshake's own
   * spelling.
   */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Offered subprotocols. */
  readonly protocols?: readonly string[];
  /** Speaks TLS; the server's certificate is checked against these. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'ciphers' | 'maxVersion' | 'minVersion'>;
  /** Default {@link PATIENCE_MS}. */
  readonly timeoutMs?: number;
}

/**
 * Opens a TCP connection, sends the handshake and waits for the answer: an upgraded socket, or one whose `status`,
 * `headers` and `body` tell the refusal. Rejects where nobody listens, the answer is late or the accept key is wrong.
 */
export async function connectRaw(options: ConnectRawOptions): Promise<RawSocket> {
  const timeoutMs = options.timeoutMs ?? PATIENCE_MS;
  const key = randomBytes(16).toString('base64');
  const socket = await openRaw(options);
  try {
    socket.write(handshakeText(options, key));
    const head = await withTimeout(readHead(socket), timeoutMs, 'the answer to the handshake');
    const body =
      head.status === 101 || head.status === 0 ? '' : await withTimeout(readBody(socket, head), timeoutMs, 'the body');
    if (head.status === 101 && options.headers?.['Sec-WebSocket-Key'] === undefined) {
      checkAccept(head, key);
    }
    return createRawSocket(socket, head, body, options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Opens a connection, TCP or TLS, and sends nothing. */
export async function openRaw(
  options: Pick<ConnectRawOptions, 'port' | 'host' | 'tls' | 'timeoutMs'>,
): Promise<Socket> {
  const { host = '127.0.0.1', port, tls, timeoutMs = PATIENCE_MS } = options;
  const tcp = await withTimeout(openTcp(host, port), timeoutMs, 'a TCP connection');
  if (tls === undefined) return tcp;
  try {
    return await withTimeout(openTls(tcp, tls), timeoutMs, 'a TLS handshake');
  } catch (error) {
    tcp.destroy();
    throw error;
  }
}

/** The text of a handshake as `connectRaw` sends it. */
export function handshakeText(options: Omit<ConnectRawOptions, 'port'>, key: string): string {
  const headers: Record<string, string | undefined> = {
    Host: 'bus.example.org',
    Upgrade: 'websocket',
    Connection: 'keep-alive, Upgrade',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': options.protocols?.join(', '),
    ...options.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return [`${options.method ?? 'GET'} ${options.path ?? '/v1/socket'} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

function openTcp(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('connect', () => {
      socket.off('error', reject);
      // A reset shows as the end of the connection; the test looks at `closed`.
      socket.on('error', () => socket.destroy());
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

function openTls(tcp: Socket, options: NonNullable<ConnectRawOptions['tls']>): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...options, socket: tcp, servername: 'localhost' });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      socket.off('error', reject).on('error', () => socket.destroy());
      resolve(socket);
    });
  });
}

function readHead(socket: Socket): Promise<HttpHead> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const done = (head: HttpHead): void => {
      socket.off('data', onData).off('close', onClose);
      resolve(head);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const head = parseHttpHead(bytes);
      if (head !== undefined) {
        // No frame may slip by before the next listener is there; it resumes.
        socket.pause();
        done(head);
      }
    };
    const onClose = (): void => done({ status: 0, statusText: '', headers: {}, rest: bytes });
    socket.on('data', onData).once('close', onClose);
  });
}

function readBody(socket: Socket, head: HttpHead): Promise<string> {
  return new Promise((resolve) => {
    const length = Number(head.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    let bytes = head.rest;
    const look = (): void => {
      if (bytes.length >= length || socket.closed) {
        socket.off('data', onData).off('close', look);
        resolve(bytes.toString('utf8'));
      }
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      look();
    };
    socket.on('data', onData).once('close', look).resume();
    look();
  });
}

function checkAccept(head: HttpHead, key: string): void {
  const expected = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  if (head.headers['sec-websocket-accept'] !== expected) {
    throw new Error(`wrong Sec-WebSocket-Accept: ${head.headers['sec-websocket-accept'] ?? 'none'}`);
  }
}
