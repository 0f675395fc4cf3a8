const MASKED = 0x80;
const FINAL = 0x80;

/** WebSocket opcodes that the load generator sends and sees (RFC 6455, 5.2). */
export const opcodes = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A client frame built once and sent many times. */
export interface ClientFrame {
  readonly bytes: Buffer;
  /** Where the payload begins; it stays readable and may be rewritten in place. */
  readonly payloadAt: number;
}

/**
 * Builds one final client frame. The masking key is zero, which is legal and leaves the payload as it is: a frame built
 * once can be stamped with an id and a time before each send.
 */
export function buildClientFrame(opcode: number, payload: Uint8Array): ClientFrame {
  const head = headOf(opcode, payload.length);
  return { bytes: Buffer.concat([head, Buffer.alloc(4), payload]), payloadAt: head.length + 4 };
}

function headOf(opcode: number, length: number): Buffer {
  if (length < 126) return Buffer.of(FINAL | opcode, MASKED | length);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = FINAL | opcode;
  head[1] = MASKED | (length < 65_536 ? 126 : 127);
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}
