import { decodeBase64 } from '../bytes/base64.ts';
import { copyBytes } from '../bytes/copy-bytes.ts';
import { decodeUtf8 } from '../bytes/utf8.ts';
import { NO_BYTES } from '../envelope.ts';
import type { ReplyStatus } from '../envelope.ts';
import { fieldNames } from '../envelope-fields.ts';
import type { Problems } from '../problems.ts';
import { parseTime } from '../times.ts';
import type { FieldSpans } from './json-scanner.ts';
import { readJsonString } from './json-string.ts';

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const MAX_COUNT_DIGITS = 16;

interface TypeByName {
  readonly string: string;
  readonly number: number;
}

/**
 * The typed values of a scanned frame, by number of field. A field that is not there reads as empty; one of the wrong
 * type reads as empty too and is told to the problems.
 */
export class JsonFrame {
  private readonly bytes: Uint8Array;
  private readonly spans: FieldSpans;
  private readonly problems: Problems;

  constructor(bytes: Uint8Array, spans: FieldSpans, problems: Problems) {
    this.bytes = bytes;
    this.spans = spans;
    this.problems = problems;
  }

  /** No value begins at 0, where the frame's brace is. */
  has(number: number): boolean {
    return this.start(number) > 0;
  }

  isString(number: number): boolean {
    return this.bytes[this.start(number)] === QUOTE;
  }

  text(number: number): string {
    const start = this.start(number);
    if (start === 0) return '';
    if (this.bytes[start] === QUOTE) return readJsonString(this.bytes, start, this.end(number));
    this.refuse(number, 'must be a string');
    return '';
  }

  flag(number: number): boolean {
    if (!this.has(number)) return false;
    const first = this.bytes[this.start(number)];
    if (first !== 0x74 && first !== 0x66) this.refuse(number, 'must be true or false');
    return first === 0x74;
  }

  /** An integer from 0 to 2^53-1, in plain digits. */
  count(number: number): number {
    const start = this.start(number);
    const end = this.end(number);
    if (start === 0) return 0;
    let value = 0;
    let i = start;
    while (i < end && (this.bytes[i] as number) >= 0x30 && (this.bytes[i] as number) <= 0x39) {
      value = value * 10 + ((this.bytes[i] as number) - 0x30);
      i++;
    }
    if (i === end && end - start <= MAX_COUNT_DIGITS && Number.isSafeInteger(value)) return value;
    this.refuse(number, 'must be an integer from 0 to 2^53-1');
    return 0;
  }

  time(number: number): number {
    const text = this.text(number);
    if (text === '') return 0;
    const ms = parseTime(text);
    if (ms === undefined) this.refuse(number, 'must be an RFC 3339 time');
    return ms ?? 0;
  }

  status(number: number): ReplyStatus {
    const text = this.text(number);
    if (text === '' || text === 'success' || text === 'error') return text;
    this.refuse(number, 'must be success or error');
    return '';
  }

  /** Any JSON value, as a copy of its bytes. */
  raw(number: number): Uint8Array {
    return copyBytes(this.bytes, this.start(number), this.end(number));
  }

  /** A JSON object, as a copy of its bytes. */
  object(number: number): Uint8Array {
    if (this.bytes[this.start(number)] === OPEN_OBJECT) return this.raw(number);
    this.refuse(number, 'must be an object');
    return NO_BYTES;
  }

  base64(number: number): Uint8Array {
    const start = this.start(number);
    const bytes = this.isString(number) ? decodeBase64(this.bytes, start + 1, this.end(number) - 1) : undefined;
    if (bytes === undefined) this.refuse(number, 'must be a base64 string');
    return bytes ?? NO_BYTES;
  }

  textOrTexts(number: number, name: string): readonly string[] {
    if (!this.isString(number)) return this.list(number, 'string', name);
    const text = this.text(number);
    return text === '' ? [] : [text];
  }

  list<Name extends keyof TypeByName>(
    number: number,
    type: Name,
    name: string = fieldNames[number] ?? '',
  ): readonly TypeByName[Name][] {
    const items: unknown = this.bytes[this.start(number)] === OPEN_ARRAY ? this.parse(number) : undefined;
    if (Array.isArray(items) && items.every((item) => typeof item === type)) return items;
    this.problems.add(name, `must be a list of ${type}s`);
    return [];
  }

  /** Has no prototype, so that no key means more than it says. */
  record<Name extends keyof TypeByName>(number: number, type: Name): Readonly<Record<string, TypeByName[Name]>> {
    const result: Record<string, TypeByName[Name]> = Object.create(null);
    const values: unknown = this.bytes[this.start(number)] === OPEN_OBJECT ? this.parse(number) : undefined;
    if (
      typeof values === 'object' &&
      values !== null &&
      Object.values(values).every((value) => typeof value === type)
    ) {
      return Object.assign(result, values);
    }
    this.refuse(number, `must be an object of ${type}s`);
    return result;
  }

  /** The scan has shown that this cannot fail. */
  private parse(number: number): unknown {
    return JSON.parse(decodeUtf8(this.bytes, this.start(number), this.end(number)) ?? 'null');
  }

  private start(number: number): number {
    return this.spans.starts[number] as number;
  }

  private end(number: number): number {
    return this.spans.ends[number] as number;
  }

  private refuse(number: number, problem: string): void {
    this.problems.add(fieldNames[number] ?? '', problem);
  }
}
