import { PolicyRefusal } from '../policy-refusal.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a part of a WebAssembly binary. Whatever is not there, or is written wrongly, is a `PolicyRefusal`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  position: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.start = position;
    this.position = position;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) throw truncated();
    return this.bytes[this.position++] ?? 0;
  }

  /** An unsigned number of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) throw badNumber();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw badNumber();
  }

  /** Passes over a signed number of at most so many bits; the engine checks its value. */
  skipSigned(bits: 32 | 33 | 64): void {
    for (let left = Math.ceil(bits / 7); left > 0; left--) if (this.byte() < 0x80) return;
    throw badNumber();
  }

  skip(count: number): void {
    if (count > this.end - this.position) throw truncated();
    this.position += count;
  }

  /** A reader of the next `count` bytes, which are passed over here. */
  part(count: number): ByteReader {
    const start = this.position;
    this.skip(count);
    return new ByteReader(this.bytes, start, start + count);
  }

  /** How many entries follow; never more than there are bytes left for. */
  count(limit: number, what: string): number {
    const count = this.u32();
    if (count > limit) throw new PolicyRefusal('limit', `The module has ${count} ${what}; ${limit} are allowed.`);
    if (count > this.end - this.position) throw truncated();
    return count;
  }

  name(): string {
    const { bytes, position, end } = this.part(this.u32());
    try {
      return utf8.decode(bytes.subarray(position, end));
    } catch (cause) {
      throw new PolicyRefusal('malformed', 'The module has a name that is no UTF-8.', { cause });
    }
  }

  slice(from: number, to: number = this.position): Uint8Array {
    return this.bytes.subarray(from, to);
  }
}

function truncated(): PolicyRefusal {
  return new PolicyRefusal('malformed', 'The module ends too early.');
}

function badNumber(): PolicyRefusal {
  return new PolicyRefusal('malformed', 'The module has a number that is too long.');
}
