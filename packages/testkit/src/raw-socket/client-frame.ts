import { randomBytes } from 'node:crypto';

/** WebSocket opcodes (RFC 6455, 5.2). */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** How a client frame departs from an honest final, masked one. */
export interface FrameOptions {
  /** Default true. */
  readonly fin?: boolean;
  /** The three reserved bits as a number 0-7; default 0. */
  readonly rsv?: number;
  /** Default true: clients must mask. */
  readonly mask?: boolean;
  /** Length to claim in the header instead of the real one. */
  readonly claimedLength?: number;
}

/** One client frame as bytes; with odd options also frames that no honest client sends. */
export function encodeClientFrame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const isMasked = options.mask ?? true;
  const length = lengthBytes(options.claimedLength ?? payload.byteLength);
  const head = Buffer.concat([
    Buffer.of(((options.fin ?? true) ? 0x80 : 0) | ((options.rsv ?? 0) << 4) | opcode),
    length,
  ]);
  if (!isMasked) {
    return Buffer.concat([head, payload]);
  }
  head.writeUInt8(head.readUInt8(1) | 0x80, 1);
  const mask = randomBytes(4);
  const body = Buffer.from(payload);
  for (let i = 0; i < body.length; i += 1) {
    body.writeUInt8(body.readUInt8(i) ^ mask.readUInt8(i & 3), i);
  }
  return Buffer.concat([head, mask, body]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: string | Uint8Array = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, typeof reason === 'string' ? Buffer.from(reason) : reason]);
}

function lengthBytes(length: number): Buffer {
  if (length < 126) {
    return Buffer.of(length);
  }
  const bytes = Buffer.alloc(length < 65_536 ? 3 : 9);
  if (length < 65_536) {
    bytes.writeUInt8(126);
    bytes.writeUInt16BE(length, 1);
  } else {
    bytes.writeUInt8(127);
    bytes.writeBigUInt64BE(BigInt(length), 1);
  }
  return bytes;
}
