import { ByteWriter, utf8Length } from '../bytes/byte-writer.ts';
import { wire } from './proto-reader.ts';

const MAX_VARINT_BYTES = 10;

const doubleBytes = new Uint8Array(8);
const doubleView = new DataView(doubleBytes.buffer);

/** Writes fields of Protobuf; empty values are left out, as proto3 does. Field numbers are small. */
export class ProtoWriter extends ByteWriter {
  /** An integer from 0 to 2^53-1. */
  varint(value: number): void {
    this.makeRoom(MAX_VARINT_BYTES);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest >= 0x8000_0000) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  tag(number: number, wireType: number): void {
    this.varint((number << 3) | wireType);
  }

  countField(number: number, value: number): void {
    if (value === 0) return;
    this.tag(number, wire.varint);
    this.varint(value);
  }

  textField(number: number, text: string): void {
    if (text !== '') this.textItem(number, text);
  }

  /** A text that is written even when it is empty: an item of a list, or part of a map's entry. */
  textItem(number: number, text: string): void {
    this.tag(number, wire.bytes);
    this.varint(utf8Length(text));
    this.text(text);
  }

  bytesField(number: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.tag(number, wire.bytes);
    this.varint(bytes.length);
    this.append(bytes);
  }

  double(value: number): void {
    doubleView.setFloat64(0, value, true);
    this.append(doubleBytes);
  }
}

/** Bytes that {@link ProtoWriter.varint} writes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}
