/** Reads the bytes of a message; reading beyond an end is told, not thrown. */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /**
   * The next varint. Exact below 2^53, which tags and lengths are; -1 = it does not end before `end`, or is longer than ten
   * bytes.
   */
  varint(end: number): number {
    const first = this.at < end ? (this.bytes[this.at] as number) : -1;
    if (first < 0) return -1;
    if (first < 0x80) {
      this.at += 1;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10 && this.at < end; i++) {
      const byte = this.bytes[this.at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return -1;
  }

  /** The next varint as the 32-bit number that enums are; undefined = it cannot be read. */
  int32(end: number): number | undefined {
    const start = this.at;
    if (this.varint(end) < 0) return undefined;
    let value = 0;
    // Of a negative number, which takes ten bytes, the lower 32 bits say all.
    for (let i = 0, shift = 0; start + i < this.at && shift < 32; i++, shift += 7) {
      value |= ((this.bytes[start + i] as number) & 0x7f) << shift;
    }
    return value;
  }

  /** Goes on by `length`; false = there is not so much. */
  skip(length: number, end: number): boolean {
    if (this.at + length > end) return false;
    this.at += length;
    return true;
  }
}
