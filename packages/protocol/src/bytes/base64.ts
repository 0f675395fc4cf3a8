const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PAD = 0x3d;
const INVALID = 255;

const codeOf: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const valueOf: Uint8Array = new Uint8Array(256).fill(INVALID);
for (let value = 0; value < 64; value++) valueOf[codeOf[value] as number] = value;

/** Bytes that {@link encodeBase64} writes for `length` bytes. */
export function base64Length(length: number): number {
  return Math.ceil(length / 3) * 4;
}

/** Writes `source` as padded base64 (RFC 4648, section 4) into `target` at `at`, where there must be room for it. */
export function encodeBase64(source: Uint8Array, target: Uint8Array, at: number): void {
  let out = at;
  for (let i = 0; i < source.length; i += 3) {
    const left = source.length - i;
    const bits =
      ((source[i] as number) << 16) |
      ((left > 1 ? (source[i + 1] as number) : 0) << 8) |
      (left > 2 ? (source[i + 2] as number) : 0);
    target[out++] = codeOf[bits >> 18] as number;
    target[out++] = codeOf[(bits >> 12) & 63] as number;
    target[out++] = left > 1 ? (codeOf[(bits >> 6) & 63] as number) : PAD;
    target[out++] = left > 2 ? (codeOf[bits & 63] as number) : PAD;
  }
}

/**
 * Reads padded base64 from ASCII bytes into fresh bytes, or returns undefined: only the one text that
 * {@link encodeBase64} writes for some bytes is accepted, so no two texts mean the same.
 */
export function decodeBase64(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  const length = end - start;
  if (length % 4 !== 0) return undefined;
  if (length === 0) return new Uint8Array(0);
  const padding = source[end - 2] === PAD ? 2 : source[end - 1] === PAD ? 1 : 0;
  if (padding === 2 && source[end - 1] !== PAD) return undefined;
  const result = new Uint8Array((length / 4) * 3 - padding);
  let out = 0;
  for (let i = start; i < end; i += 4) {
    const pads = i + 4 === end ? padding : 0;
    const bits = readQuartet(source, i, pads);
    if (bits < 0) return undefined;
    result[out++] = bits >> 16;
    if (pads < 2) result[out++] = (bits >> 8) & 255;
    if (pads < 1) result[out++] = bits & 255;
  }
  return result;
}

/** The 24 bits of four digits, the last `pads` of which are padding; -1 when they are no canonical base64. */
function readQuartet(source: Uint8Array, at: number, pads: number): number {
  const a = valueOf[source[at] as number] as number;
  const b = valueOf[source[at + 1] as number] as number;
  const c = pads === 2 ? 0 : (valueOf[source[at + 2] as number] as number);
  const d = pads > 0 ? 0 : (valueOf[source[at + 3] as number] as number);
  if (a === INVALID || b === INVALID || c === INVALID || d === INVALID) return -1;
  const bits = (a << 18) | (b << 12) | (c << 6) | d;
  const unused = pads === 2 ? 0xffff : pads === 1 ? 0xff : 0;
  return (bits & unused) === 0 ? bits : -1;
}
