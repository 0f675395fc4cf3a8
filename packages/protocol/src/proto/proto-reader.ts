import { decodeUtf8 } from '../bytes/utf8.ts';
import { NO_BYTES } from '../envelope.ts';

/** Wire types of Protobuf that we accept; groups (3, 4) are refused. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** 2^53-1 fits into eight groups of seven bits. */
const MAX_VARINT_BYTES = 8;
const MAX_SKIPPED_VARINT_BYTES = 10;

const doubleBytes = new Uint8Array(8);
const doubleView = new DataView(doubleBytes.buffer);

/**
 * Reads the wire format of Protobuf from untrusted bytes. It never throws: after the first fault {@link isBroken} stays
 * true, every read returns an empty value, and the position is at the end, so loops over the input stop.
 */
export class ProtoReader {
  position = 0;
  end = 0;
  isBroken = false;
  private bytes: Uint8Array = NO_BYTES;

  /** Starts reading all of `bytes`, which are kept until {@link release}. */
  begin(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.position = 0;
    this.end = bytes.length;
    this.isBroken = false;
  }

  release(): void {
    this.bytes = NO_BYTES;
  }

  /** The input is no message of ours. */
  fail(): void {
    this.isBroken = true;
    this.position = this.end;
  }

  /** An unsigned integer; more than 2^53-1 is a fault, and so is a varint longer than such a number needs. */
  varint(): number {
    const bytes = this.bytes;
    const first = this.position < this.end ? (bytes[this.position] as number) : 0x80;
    if (first < 0x80) {
      this.position++;
      return first;
    }
    let value = 0;
    let factor = 1;
    const last = Math.min(this.end, this.position + MAX_VARINT_BYTES);
    for (let i = this.position; i < last; i++) {
      const byte = bytes[i] as number;
      value += (byte & 0x7f) * factor;
      factor *= 0x80;
      if (byte < 0x80) {
        this.position = i + 1;
        if (value <= Number.MAX_SAFE_INTEGER) return value;
        break;
      }
    }
    this.fail();
    return 0;
  }

  /** Reads a length and returns the end of what it spans. */
  lengthEnd(): number {
    const length = this.varint();
    if (length <= this.end - this.position) return this.position + length;
    this.fail();
    return this.end;
  }

  text(): string {
    const end = this.lengthEnd();
    const text = this.isBroken ? '' : decodeUtf8(this.bytes, this.position, end);
    if (text === undefined) this.fail();
    else this.position = end;
    return text ?? '';
  }

  /** A view of the input. */
  view(): Uint8Array {
    const start = this.position;
    const end = this.lengthEnd();
    if (this.isBroken) return NO_BYTES;
    const from = this.position;
    this.position = end;
    return from === end || start === end ? NO_BYTES : this.bytes.subarray(from, end);
  }

  double(): number {
    if (this.end - this.position < 8) {
      this.fail();
      return 0;
    }
    for (let i = 0; i < 8; i++) doubleBytes[i] = this.bytes[this.position + i] as number;
    this.position += 8;
    return doubleView.getFloat64(0, true);
  }

  /** Passes over a field that is not ours. */
  skip(wireType: number): void {
    if (wireType === wire.varint) this.skipVarint();
    else if (wireType === wire.bytes) this.position = this.lengthEnd();
    else if (wireType === wire.fixed64) this.advance(8);
    else if (wireType === wire.fixed32) this.advance(4);
    else this.fail();
  }

  private advance(length: number): void {
    if (this.end - this.position < length) this.fail();
    else this.position += length;
  }

  private skipVarint(): void {
    const last = Math.min(this.end, this.position + MAX_SKIPPED_VARINT_BYTES);
    for (let i = this.position; i < last; i++) {
      if ((this.bytes[i] as number) < 0x80) {
        this.position = i + 1;
        return;
      }
    }
    this.fail();
  }
}
