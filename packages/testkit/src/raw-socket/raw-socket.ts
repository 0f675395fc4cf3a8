import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { closePayload, encodeClientFrame, opcodes } from './client-frame.ts';
import type { FrameOptions } from './client-frame.ts';
import { createFrameReader } from './frame-reader.ts';
import type { RawFrame } from './frame-reader.ts';
import type { HttpHead } from './http-head.ts';
import { PATIENCE_MS } from './wait-until.ts';
import { withTimeout } from './with-timeout.ts';

/** How a connection ended for the client: the server's close frame, or 1006 where none came. */
export interface RawClose {
  readonly code: number;
  readonly reason: string;
}

/**
 * A WebSocket client by hand over a plain TCP socket, for tests: it sends what it is told, well-formed or not, and
 * shows
 * each frame as it came. Every wait is bounded and fails with a text that says what was waited for.
 */
export interface RawSocket {
  /** HTTP status of the handshake; 101 = upgraded, 0 = the server closed without an answer. */
  readonly status: number;
  readonly statusText: string;
  /** Response headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body of a refusal, else `''`. */
  readonly body: string;
  sendText(text: string): void;
  sendBinary(bytes: Uint8Array): void;
  sendFrame(opcode: number, payload: Uint8Array | string, options?: FrameOptions): void;
  /** A close frame; the TCP connection stays until the server ends it. */
  sendClose(code: number, reason?: string | Uint8Array): void;
  /** Bytes as they are. */
  sendBytes(bytes: Uint8Array): void;
  /** The oldest frame not yet taken. */
  nextFrame(timeoutMs?: number): Promise<RawFrame>;
  /** The first frame that fits; those before it are dropped. */
  next(fits: (frame: RawFrame) => boolean, timeoutMs?: number): Promise<RawFrame>;
  /** Frames received and not yet taken. */
  pending(): number;
  /** Waits until the TCP connection is over. */
  closed(timeoutMs?: number): Promise<RawClose>;
  /** The serial number of the server's certificate, in hexadecimal; `''` without TLS. */
  readonly certificateSerial: string;
  /** True once the TCP connection is over. */
  isClosed(): boolean;
  /** Stops reading from the socket, so that the server's writes back up. */
  pause(): void;
  resume(): void;
  /** Cuts the TCP connection without a goodbye; `reset` sends RST where there is no TLS. */
  destroy(reset?: boolean): void;
}

/** Conduct of the client. */
export interface RawConduct {
  /** Answer a close frame with the same payload; default true. */
  readonly echoClose?: boolean;
  /** Answer pings; default false, the test sees them as frames. */
  readonly answerPings?: boolean;
}

/** Wraps a TCP or TLS socket on which the handshake is done; `head` is the server's answer. */
export function createRawSocket(socket: Socket, head: HttpHead, body: string, conduct: RawConduct): RawSocket {
  const isTls = socket instanceof TLSSocket;
  const inbox = createInbox();
  const reader = createFrameReader();
  const { sendFrame, sendBytes } = createSender(socket);
  let close: RawClose = { code: 1006, reason: '' };
  const ended = new Promise<RawClose>((resolve) => {
    if (socket.closed) {
      resolve(close);
    }
    socket.once('close', () => {
      inbox.end();
      resolve(close);
    });
  });
  const onBytes = (bytes: Buffer): void => {
    for (const frame of reader.push(bytes)) {
      if (frame.opcode === opcodes.close) {
        close = readClose(frame);
        if (conduct.echoClose ?? true) {
          sendFrame(opcodes.close, frame.payload);
        }
      } else if (frame.opcode === opcodes.ping && conduct.answerPings === true) {
        sendFrame(opcodes.pong, frame.payload);
      }
      inbox.add(frame);
    }
  };
  if (head.status === 101) {
    onBytes(head.rest);
    socket.on('data', onBytes);
  }
  socket.resume();
  return {
    status: head.status,
    statusText: head.statusText,
    headers: head.headers,
    body,
    certificateSerial: isTls ? (socket.getPeerX509Certificate()?.serialNumber ?? '') : '',
    sendText: (text) => sendFrame(opcodes.text, text),
    sendBinary: (bytes) => sendFrame(opcodes.binary, bytes),
    sendClose: (code, reason) => sendFrame(opcodes.close, closePayload(code, reason)),
    sendFrame,
    sendBytes,
    nextFrame: (timeoutMs) => inbox.take(() => true, timeoutMs),
    next: (fits, timeoutMs) => inbox.take(fits, timeoutMs),
    pending: () => inbox.size(),
    closed: (timeoutMs = PATIENCE_MS) => withTimeout(ended, timeoutMs, 'the TCP connection to end'),
    isClosed: () => socket.closed,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: (reset = false) => void (reset && !isTls ? socket.resetAndDestroy() : socket.destroy()),
  };
}

interface Sender {
  readonly sendFrame: (opcode: number, payload: Uint8Array | string, options?: FrameOptions) => void;
  readonly sendBytes: (bytes: Uint8Array) => void;
}

function createSender(socket: Socket): Sender {
  const sendBytes = (bytes: Uint8Array): void => {
    if (socket.writable) {
      socket.write(bytes);
    }
  };
  return {
    sendBytes,
    sendFrame: (opcode, payload, options) =>
      sendBytes(encodeClientFrame(opcode, typeof payload === 'string' ? Buffer.from(payload) : payload, options)),
  };
}

interface Inbox {
  add(frame: RawFrame): void;
  end(): void;
  size(): number;
  take(fits: (frame: RawFrame) => boolean, timeoutMs?: number): Promise<RawFrame>;
}

function createInbox(): Inbox {
  const frames: RawFrame[] = [];
  let isOver = false;
  let wake: () => void = () => undefined;
  const search = async (fits: (frame: RawFrame) => boolean): Promise<RawFrame> => {
    for (;;) {
      for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) {
        if (fits(frame)) {
          return frame;
        }
      }
      if (isOver) {
        throw new Error('the connection ended before the frame that was waited for');
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    add: (frame) => {
      frames.push(frame);
      wake();
    },
    end: () => {
      isOver = true;
      wake();
    },
    size: () => frames.length,
    take: (fits, timeoutMs = PATIENCE_MS) => withTimeout(search(fits), timeoutMs, 'a frame'),
  };
}

function readClose(frame: RawFrame): RawClose {
  return frame.payload.length < 2
    ? { code: 1005, reason: '' }
    : { code: frame.payload.readUInt16BE(0), reason: frame.payload.toString('utf8', 2) };
}
