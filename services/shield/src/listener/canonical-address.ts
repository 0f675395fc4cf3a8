/** An address from its 4 or 16 bytes as RFC 5952 text; IPv4-mapped IPv6 as IPv4. `''` for anything else. */
export function addressFromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) {
    return bytes.join('.');
  }
  if (bytes.length !== 16) {
    return '';
  }
  if (isIpv4Mapped(bytes)) {
    return bytes.subarray(12).join('.');
  }
  const words = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  // The URL parser knows which run of zeros to shorten.
  return new URL(`http://[${words.join(':')}]`).hostname.slice(1, -1);
}

/** The text that Node gives for a peer, without the `::ffff:` of IPv4-mapped addresses and without a zone. */
export function addressFromText(text: string | undefined): string {
  const address = (text ?? '').toLowerCase().split('%', 1)[0] ?? '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}
