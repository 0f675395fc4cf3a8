import { writeCodePoint } from '../json/json-string.ts';
import { encodeBase64, base64Length } from './base64.ts';
import { copyBytes } from './copy-bytes.ts';

const FIRST_CAPACITY = 4_096;
/** Runs up to this length are copied byte by byte, which beats a call of `set`. */
const SHORT = 32;

/** A buffer that grows and is used again for every message: fill it, then {@link take} the bytes. */
export class ByteWriter {
  /** The buffer; good up to {@link length}. Changes whenever room is made. */
  bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  /** Bytes written so far. */
  length = 0;

  /** Makes sure that `count` more bytes fit. */
  makeRoom(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Begins anew; what an encoder that failed left behind must not come before the next message. */
  reset(): void {
    this.length = 0;
  }

  byte(value: number): void {
    this.makeRoom(1);
    this.bytes[this.length++] = value;
  }

  append(source: Uint8Array): void {
    this.makeRoom(source.length);
    const { bytes, length } = this;
    if (source.length > SHORT) bytes.set(source, length);
    else for (let i = 0; i < source.length; i++) bytes[length + i] = source[i] as number;
    this.length = length + source.length;
  }

  /** Writes text as UTF-8; lone surrogates become U+FFFD. */
  text(text: string): void {
    this.makeRoom(text.length * 3);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) bytes[at++] = code;
      else {
        const point = codePointAt(text, i);
        if (point > 0xffff) i++;
        at = writeCodePoint(bytes, at, point);
      }
    }
    this.length = at;
  }

  base64(source: Uint8Array): void {
    const size = base64Length(source.length);
    this.makeRoom(size);
    encodeBase64(source, this.bytes, this.length);
    this.length += size;
  }

  /** A copy of what has been written; the writer is empty afterwards. */
  take(): Uint8Array {
    const taken = copyBytes(this.bytes, 0, this.length);
    this.length = 0;
    return taken;
  }
}

/** The code point at `index`; U+FFFD for half a pair. */
export function codePointAt(text: string, index: number): number {
  const point = text.codePointAt(index) as number;
  return point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
}

/** Bytes of `text` in UTF-8. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    const point = codePointAt(text, i);
    if (point > 0xffff) {
      i++;
      length += 2;
    } else length += point < 0x800 ? 1 : 2;
  }
  return length;
}
