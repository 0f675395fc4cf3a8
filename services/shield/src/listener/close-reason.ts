/** The reason cut to the 123 bytes that a close frame has room for, at a character's border (RFC 6455, 5.5). */
export function fitCloseReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= 123) {
    return reason;
  }
  let end = 123;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
    end -= 1;
  }
  return bytes.toString('utf8', 0, end);
}
