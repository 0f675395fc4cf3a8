import { isUtf8 } from 'node:buffer';
import { MAX_VIOLATIONS, childPath } from '../violation.ts';
import type { Violation } from '../violation.ts';
import type { FieldPlan, MessagePlan } from './message-plan.ts';
import { WireReader } from './wire-reader.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const GROUP_START = 3;
const GROUP_END = 4;
const FIXED32 = 5;
const MAX_DEPTH = 64;

const wireTypes: Readonly<Record<FieldPlan['kind'], number>> = {
  varint: VARINT,
  enum: VARINT,
  fixed64: FIXED64,
  fixed32: FIXED32,
  string: LENGTH,
  bytes: LENGTH,
  message: LENGTH,
  group: GROUP_START,
};

/**
 * What is wrong with the bytes of a message (SCH-2). Strict: a field that the schema does not have, an unknown value of an
 * enum, a wrong wire type, a field or a key of a map that stands twice (readers would keep one of them, and inspection sees
 * one), text that is no UTF-8, bytes that end early, a required field that is missing.
 */
export function checkWire(bytes: Uint8Array, plan: MessagePlan): readonly Violation[] {
  return new WireCheck(bytes).run(plan);
}

class WireCheck {
  readonly #reader: WireReader;
  readonly #violations: Violation[] = [];
  /** The steps to the message that is being read: a field, and the number of the item where it is a list. */
  readonly #steps: (string | number)[] = [];

  constructor(bytes: Uint8Array) {
    this.#reader = new WireReader(bytes);
  }

  run(plan: MessagePlan): readonly Violation[] {
    this.#message(plan, this.#reader.end, 0, 0);
    return this.#violations;
  }

  #add(message: string, ...more: readonly (string | number)[]): void {
    if (this.#violations.length >= MAX_VIOLATIONS) return;
    this.#violations.push({ path: [...this.#steps, ...more].reduce<string>(childPath, ''), message });
  }

  /** Reads up to `end`, or to the end of group `group`; false = what follows cannot be read. */
  #message(plan: MessagePlan, end: number, group: number, depth: number): boolean {
    const reader = this.#reader;
    const counts = new Uint32Array(plan.list.length + plan.oneofs);
    let keys: Set<string> | undefined;
    while (reader.at < end) {
      const tag = reader.varint(end);
      const number = Math.floor(tag / 8);
      const type = tag % 8;
      if (type === GROUP_END && number === group && group !== 0) return this.#finish(plan, counts);
      if (tag < 0 || number === 0 || number > MAX_FIELD) return this.#broken();
      const field = plan.fields.get(number);
      if (field === undefined) {
        this.#add(`holds the field ${number}, which is not in the schema`);
        if (!this.#skip(type, number, end, depth)) return this.#broken();
        continue;
      }
      this.#count(plan, field, counts);
      const start = reader.at;
      if (!this.#field(field, type, end, depth, (counts[field.index] as number) - 1)) return false;
      if (field.isMap) keys = this.#addKey(field, start, keys);
    }
    return group === 0 && reader.at === end ? this.#finish(plan, counts) : this.#broken();
  }

  #broken(): false {
    this.#add('is cut short, or is no Protobuf');
    return false;
  }

  #count({ list }: MessagePlan, field: FieldPlan, counts: Uint32Array): void {
    const seen = ((counts[field.index] as number) += 1);
    if (field.isList) return;
    if (seen > 1) this.#add('stands twice', field.name);
    if (field.oneof < 0 || seen > 1) return;
    const inOneof = ((counts[list.length + field.oneof] as number) += 1);
    if (inOneof > 1) this.#add('stands beside another member of its oneof', field.name);
  }

  #finish({ list, hasRequired }: MessagePlan, counts: Uint32Array): true {
    if (!hasRequired) return true;
    for (const field of list) if (field.isRequired && counts[field.index] === 0) this.#add('is required', field.name);
    return true;
  }

  #field(field: FieldPlan, type: number, end: number, depth: number, item: number): boolean {
    const expected = wireTypes[field.kind];
    if (type === expected) {
      const isRead = this.#value(field, end, depth, item);
      return isRead;
    }
    if (type === LENGTH && field.isList && expected !== LENGTH && expected !== GROUP_START)
      return this.#packed(field, end);
    this.#add('has the wrong wire type', field.name);
    return this.#skip(type, field.number, end, depth) || this.#broken();
  }

  #packed(field: FieldPlan, end: number): boolean {
    const until = this.#length(end);
    if (until < 0) return this.#broken();
    for (let item = 0; this.#reader.at < until; item++) if (!this.#value(field, until, 0, item)) return false;
    return true;
  }

  #value(field: FieldPlan, end: number, depth: number, item: number): boolean {
    const reader = this.#reader;
    switch (field.kind) {
      case 'varint':
        return reader.varint(end) !== BROKEN || this.#broken();
      case 'enum':
        return this.#enum(field, end, item);
      case 'fixed32':
        return reader.skip(4, end) || this.#broken();
      case 'fixed64':
        return reader.skip(8, end) || this.#broken();
      case 'group':
        return this.#nested(field, end, depth, item, field.number);
      default:
        return this.#delimited(field, end, depth, item);
    }
  }

  #enum(field: FieldPlan, end: number, item: number): boolean {
    const low = this.#reader.int32(end);
    if (low === undefined) return this.#broken();
    if (field.values?.has(low) !== true) this.#add('is no value of its enum', ...stepsOf(field, item));
    return true;
  }

  #delimited(field: FieldPlan, end: number, depth: number, item: number): boolean {
    const reader = this.#reader;
    const until = this.#length(end);
    if (until < 0) return this.#broken();
    if (field.kind === 'message') return this.#nested(field, until, depth, item, 0);
    if (field.kind === 'string' && !isUtf8(reader.bytes.subarray(reader.at, until)))
      this.#add('is no UTF-8', ...stepsOf(field, item));
    reader.at = until;
    return true;
  }

  #nested(field: FieldPlan, end: number, depth: number, item: number, group: number): boolean {
    if (field.message === undefined || depth >= MAX_DEPTH) {
      this.#add(`is nested deeper than ${MAX_DEPTH}`, field.name);
      return false;
    }
    const steps = stepsOf(field, item);
    this.#steps.push(...steps);
    const isRead = this.#message(field.message, end, group, depth + 1);
    this.#steps.length -= steps.length;
    return isRead;
  }

  /** Where a length-delimited value ends; negative = beyond what holds it. */
  #length(end: number): number {
    const length = this.#reader.varint(end);
    const until = this.#reader.at + length;
    return length < 0 || until > end ? BROKEN : until;
  }

  #skip(type: number, number: number, end: number, depth: number): boolean {
    const reader = this.#reader;
    switch (type) {
      case VARINT:
        return reader.varint(end) !== BROKEN;
      case FIXED64:
        return reader.skip(8, end);
      case FIXED32:
        return reader.skip(4, end);
      case LENGTH: {
        const until = this.#length(end);
        if (until >= 0) reader.at = until;
        return until >= 0;
      }
      case GROUP_START:
        return depth < MAX_DEPTH && this.#skipGroup(number, end, depth + 1);
      default:
        return false;
    }
  }

  #skipGroup(group: number, end: number, depth: number): boolean {
    while (this.#reader.at < end) {
      const tag = this.#reader.varint(end);
      const number = Math.floor(tag / 8);
      if (tag % 8 === GROUP_END) return number === group;
      if (tag < 0 || !this.#skip(tag % 8, number, end, depth)) return false;
    }
    return false;
  }

  /** Remembers the key of an entry by its bytes: an encoder writes equal keys alike. */
  #addKey(field: FieldPlan, start: number, known: Set<string> | undefined): Set<string> {
    const keys = known ?? new Set();
    const key = keyBytesOf(this.#reader.bytes, start, this.#reader.at);
    if (keys.has(key)) this.#add('has the same key twice', field.name);
    return keys.add(key);
  }
}

const BROKEN = -1;
const MAX_FIELD = 536_870_911;

function stepsOf({ name, isList }: FieldPlan, item: number): readonly (string | number)[] {
  return isList ? [name, item] : [name];
}

/** The bytes of the field 1 of an entry that was read without a fault; those of the default, which need not be written, are ''. */
function keyBytesOf(bytes: Uint8Array, start: number, end: number): string {
  const entry = new WireReader(bytes.subarray(0, end));
  entry.at = start;
  entry.varint(end);
  while (entry.at < end) {
    const tag = entry.varint(end);
    const from = entry.at;
    if (tag < 0 || !skipValue(entry, tag % 8, end)) return '';
    if (Math.floor(tag / 8) === 1) return latin1(bytes.subarray(from, entry.at));
  }
  return '';
}

function skipValue(reader: WireReader, type: number, end: number): boolean {
  if (type === VARINT) return reader.varint(end) !== BROKEN;
  if (type === LENGTH) {
    const length = reader.varint(end);
    return length >= 0 && reader.skip(length, end);
  }
  return reader.skip(type === FIXED64 ? 8 : 4, end);
}

function latin1(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  // An explicit default is the same key as one that is left out.
  return /^\0*$/.test(text) ? '' : text;
}
