import { decodeAscii, utf8SequenceLength } from '../bytes/utf8.ts';
import { NO_BYTES } from '../envelope.ts';
import { isName } from '../names.ts';
import { escapedCode, plainInString, readHex4 } from './json-classes.ts';
import { scanScalar } from './json-scalar.ts';
import { OpenKeys } from './open-keys.ts';
import { scanProblems } from './scan-limits.ts';
import type { ScanLimits, ScanProblem } from './scan-limits.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const MAX_PATH_PARTS = 8;
const forbiddenEverywhere = '__proto__';
const forbiddenInEnvelope: readonly string[] = ['constructor', 'prototype'];

/** Finds the number of a field by its name, which is `bytes` from `start` to `end`; -1 = no field of ours. */
export interface FieldIndex {
  find(bytes: Uint8Array, start: number, end: number): number;
  /** The field whose value may hold the keys `constructor` and `prototype`; -1 = none. */
  readonly lenientField: number;
}

/** Where the values of an object's fields lie: `starts[n]` to `ends[n]`, 0 to 0 = not there. */
export interface FieldSpans {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * The one-pass scanner over the bytes of JSON (PRT-8). Methods take a position and return the position after what they
 * have read, or -1 with {@link problem} told. It neither recurses nor allocates, apart from growing its tables, and is
 * used by one scan at a time: {@link begin}, read, {@link finish}.
 */
export class JsonScanner {
  private bytes: Uint8Array = NO_BYTES;
  private end = 0;
  private maxDepth = 0;
  private maxKeys = 0;
  private maxItems = 0;
  private refusesPrototypes = true;
  private depth = 0;
  private isObject = new Uint8Array(32);
  private items = new Int32Array(32);
  private readonly keys = new OpenKeys();
  private hasEscapes = false;
  /** Set by {@link open} and {@link next}: a value follows at the position returned; else a container has ended there. */
  private isOpened = false;
  private failure = '';

  /**
   * Starts a scan of `bytes` up to `end`, inside of `outerDepth` containers. With `refusesPrototypes`, keys
   * `constructor` and `prototype` are refused.
   */
  begin(bytes: Uint8Array, end: number, limits: ScanLimits, refusesPrototypes: boolean, outerDepth = 0): void {
    this.bytes = bytes;
    this.end = end;
    // Copied: limits come from a configuration whose object is slow to read.
    this.maxDepth = limits.maxDepth - outerDepth;
    this.maxKeys = limits.maxKeysPerObject;
    this.maxItems = limits.maxArrayItems;
    this.refusesPrototypes = refusesPrototypes;
    this.depth = 0;
    this.failure = '';
    this.keys.reset(bytes, limits.maxDepth);
    if (this.isObject.length < limits.maxDepth) {
      this.isObject = new Uint8Array(limits.maxDepth);
      this.items = new Int32Array(limits.maxDepth);
    }
  }

  /** Ends the scan and lets go of the bytes. */
  finish(): void {
    this.bytes = NO_BYTES;
    this.keys.release();
  }

  /** What stopped the scan. */
  problem(): ScanProblem {
    return { field: this.path(), problem: this.failure };
  }

  /** Position of the next byte that is no white space. */
  skipSpace(at: number): number {
    const { bytes, end } = this;
    let i = at;
    while (i < end && isSpace(bytes[i] as number)) i++;
    return i;
  }

  /** Fails unless only white space is left. */
  rest(at: number): number {
    const i = this.skipSpace(at);
    return i === this.end ? i : this.fail(scanProblems.syntax);
  }

  /** Reads one value that begins at `at`, white space skipped. */
  value(at: number): number {
    const outermost = this.depth;
    let i = at;
    for (;;) {
      const code = i < this.end ? (this.bytes[i] as number) : 0;
      if (code === QUOTE) i = this.string(i + 1);
      else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        i = this.open(i, code === OPEN_OBJECT);
        if (i >= 0 && this.isOpened) continue;
      } else i = this.scalar(i);
      if (i < 0) return -1;
      // A value has ended: close what it was the last of, or go on to its next sibling.
      for (;;) {
        if (this.depth === outermost) return i;
        i = this.next(i);
        if (i < 0) return -1;
        if (this.isOpened) break;
      }
    }
  }

  /** Reads the object at `at` and tells where the values of its known fields lie. `spans` must be zeroed. */
  members(at: number, index: FieldIndex, spans: FieldSpans): number {
    if (at >= this.end || this.bytes[at] !== OPEN_OBJECT) return this.fail(scanProblems.syntax);
    const isStrict = this.refusesPrototypes;
    const outermost = this.depth;
    let i = this.open(at, true);
    while (i >= 0 && this.depth > outermost) {
      const field = index.find(this.keys.lastSource(), this.keys.lastStart(), this.keys.lastEnd());
      this.refusesPrototypes = isStrict && field !== index.lenientField;
      const next = this.value(i);
      if (next < 0) return -1;
      this.refusesPrototypes = isStrict;
      if (field >= 0) {
        spans.starts[field] = i;
        spans.ends[field] = next;
      }
      i = this.next(next);
    }
    return i;
  }

  /** Reads the opening bracket and, in an object, the first key. */
  private open(at: number, isObject: boolean): number {
    if (this.depth >= this.maxDepth) return this.fail(scanProblems.depth);
    this.isObject[this.depth] = isObject ? 1 : 0;
    this.items[this.depth] = 0;
    this.depth++;
    if (isObject) this.keys.open();
    const i = this.skipSpace(at + 1);
    if (i < this.end && this.bytes[i] === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY)) return this.close(i);
    this.isOpened = true;
    if (isObject) return this.key(i);
    return this.maxItems > 0 ? i : this.fail(scanProblems.items);
  }

  /** Reads what follows a value inside a container: a comma and the place of the next value, or the closing bracket. */
  private next(at: number): number {
    const i = this.skipSpace(at);
    if (i >= this.end) return this.fail(scanProblems.syntax);
    const code = this.bytes[i] as number;
    const level = this.depth - 1;
    const isObject = this.isObject[level] === 1;
    if (code === COMMA) {
      this.isOpened = true;
      const following = this.skipSpace(i + 1);
      if (isObject) return this.key(following);
      const count = (this.items[level] as number) + 1;
      if (count >= this.maxItems) return this.fail(scanProblems.items);
      this.items[level] = count;
      return following;
    }
    return code === (isObject ? CLOSE_OBJECT : CLOSE_ARRAY) ? this.close(i) : this.fail(scanProblems.syntax);
  }

  private close(at: number): number {
    this.depth--;
    if (this.isObject[this.depth] === 1) this.keys.close();
    this.isOpened = false;
    return at + 1;
  }

  /** Reads a key and its colon; returns where the value begins. */
  private key(at: number): number {
    if (at >= this.end || this.bytes[at] !== QUOTE) return this.fail(scanProblems.syntax);
    this.hasEscapes = false;
    const after = this.string(at + 1);
    if (after < 0) return -1;
    if (!this.keys.add(at + 1, after - 1, this.hasEscapes)) return this.fail(scanProblems.duplicate);
    if (this.keys.count() > this.maxKeys) return this.fail(scanProblems.keys);
    const length = after - at - 2;
    const mayBeForbidden = this.hasEscapes || length === 9 || length === 11;
    if (mayBeForbidden && this.isForbidden()) return this.fail(scanProblems.forbidden);
    const colon = this.skipSpace(after);
    if (colon >= this.end || this.bytes[colon] !== COLON) return this.fail(scanProblems.syntax);
    return this.skipSpace(colon + 1);
  }

  private isForbidden(): boolean {
    const start = this.keys.lastStart();
    const end = this.keys.lastEnd();
    if (end - start !== 9 && end - start !== 11) return false;
    const first = this.keys.lastSource()[start];
    if (first !== 0x5f && first !== 0x63 && first !== 0x70) return false;
    const key = decodeAscii(this.keys.lastSource(), start, end);
    return key === forbiddenEverywhere || (this.refusesPrototypes && forbiddenInEnvelope.includes(key));
  }

  /** Reads a string whose opening quote is before `at`. */
  private string(at: number): number {
    const bytes = this.bytes;
    const end = this.end;
    // As a local, the compiler checks the table once instead of for every byte.
    const plain = plainInString;
    let i = at;
    for (;;) {
      // Four at a time: two thirds of the cost of one at a time.
      while (
        i + 4 <= end &&
        ((plain[bytes[i] as number] as number) &
          (plain[bytes[i + 1] as number] as number) &
          (plain[bytes[i + 2] as number] as number) &
          (plain[bytes[i + 3] as number] as number)) ===
          1
      ) {
        i += 4;
      }
      while (i < end && plain[bytes[i] as number] === 1) i++;
      if (i < end && bytes[i] === QUOTE) return i + 1;
      i = this.unusual(i);
      if (i < 0) return -1;
    }
  }

  /** Reads what stands in a string at `at` and is neither a plain ASCII character nor the closing quote. */
  private unusual(at: number): number {
    if (at >= this.end) return this.fail(scanProblems.syntax);
    const code = this.bytes[at] as number;
    if (code === BACKSLASH) return this.escape(at);
    if (code < 0x20) return this.fail(scanProblems.syntax);
    const length = utf8SequenceLength(this.bytes, at, this.end);
    return length === 0 ? this.fail(scanProblems.utf8) : at + length;
  }

  /** Reads the escape at `at`; both halves of a surrogate pair. */
  private escape(at: number): number {
    this.hasEscapes = true;
    if (at + 1 >= this.end) return this.fail(scanProblems.syntax);
    const code = this.bytes[at + 1] as number;
    if (code !== 0x75) return escapedCode[code] === 0 ? this.fail(scanProblems.syntax) : at + 2;
    const unit = readHex4(this.bytes, at + 2, this.end);
    if (unit < 0) return this.fail(scanProblems.syntax);
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    if (unit > 0xdbff || at + 8 > this.end) return this.fail(scanProblems.surrogate);
    if (this.bytes[at + 6] !== BACKSLASH || this.bytes[at + 7] !== 0x75) return this.fail(scanProblems.surrogate);
    const low = readHex4(this.bytes, at + 8, this.end);
    return low >= 0xdc00 && low <= 0xdfff ? at + 12 : this.fail(scanProblems.surrogate);
  }

  private scalar(at: number): number {
    const after = scanScalar(this.bytes, at, this.end);
    if (after >= 0) return after;
    return this.fail(after === -1 ? scanProblems.syntax : scanProblems.number);
  }

  private fail(problem: string): -1 {
    this.failure = problem;
    return -1;
  }

  /** The path to where the scan stopped. Keys that are no names of ours are shown as `?`: nothing hostile is echoed. */
  private path(): string {
    let path = '';
    let objects = 0;
    for (let level = 0; level < this.depth && level < MAX_PATH_PARTS; level++) {
      if (this.isObject[level] === 0) {
        path += `[${this.items[level]}]`;
        continue;
      }
      const key = this.keys.newestKey(objects++);
      if (key === undefined) break;
      const text = key.end - key.start <= 64 ? decodeAscii(key.bytes, key.start, key.end) : '';
      path += (path === '' ? '' : '.') + (isName(text) || text === forbiddenEverywhere ? text : '?');
    }
    return path;
  }
}

/** True for the four characters that JSON allows between its parts. */
function isSpace(code: number): boolean {
  return code <= 0x20 && (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09);
}
