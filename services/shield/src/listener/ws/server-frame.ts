/** One whole, unmasked server frame (RFC 6455, 5.2) with a copy of the payload. */
export function encodeServerFrame(payload: Uint8Array, isBinary: boolean): Buffer {
  const length = payload.byteLength;
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = isBinary ? 0x82 : 0x81;
  if (head === 2) {
    bytes[1] = length;
  } else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeUInt32BE(0, 2);
    bytes.writeUInt32BE(length, 6);
  }
  bytes.set(payload, head);
  return bytes;
}
