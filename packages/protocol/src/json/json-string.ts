import { decodeUtf8 } from '../bytes/utf8.ts';
import { escapedCode, readHex4 } from './json-classes.ts';

const BACKSLASH = 0x5c;

/**
 * Writes what the inside of a scanned JSON string (without its quotes) stands for into `target` at `at`, as UTF-8, and
 * returns the position after it. It never takes more room than `end - start`.
 */
export function unescapeJson(bytes: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  let out = at;
  let i = start;
  while (i < end) {
    const code = bytes[i] as number;
    if (code !== BACKSLASH) {
      target[out++] = code;
      i++;
    } else if (bytes[i + 1] === 0x75) {
      let point = readHex4(bytes, i + 2, end);
      i += 6;
      if (point >= 0xd800 && point <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (readHex4(bytes, i + 2, end) - 0xdc00);
        i += 6;
      }
      out = writeCodePoint(target, out, point);
    } else {
      target[out++] = escapedCode[bytes[i + 1] as number] as number;
      i += 2;
    }
  }
  return out;
}

/** Writes one code point as UTF-8 and returns the position after it. There must be room for it. */
export function writeCodePoint(target: Uint8Array, at: number, point: number): number {
  let out = at;
  if (point < 0x80) {
    target[out++] = point;
    return out;
  }
  if (point < 0x800) target[out++] = 0xc0 | (point >> 6);
  else {
    if (point < 0x10000) target[out++] = 0xe0 | (point >> 12);
    else {
      target[out++] = 0xf0 | (point >> 18);
      target[out++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[out++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[out++] = 0x80 | (point & 0x3f);
  return out;
}

/** The text of a scanned JSON string at `start` to `end`, quotes included. */
export function readJsonString(bytes: Uint8Array, start: number, end: number): string {
  let i = start + 1;
  while (i < end && bytes[i] !== BACKSLASH) i++;
  if (i >= end) return decodeUtf8(bytes, start + 1, end - 1) ?? '';
  const plain = new Uint8Array(end - start);
  const length = unescapeJson(bytes, start + 1, end - 1, plain, 0);
  return decodeUtf8(plain, 0, length) ?? '';
}
