import { decodeAscii } from '../bytes/utf8.ts';

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_E = 0x65;

/** Below this many digits and powers of ten together no number reaches Infinity, and none needs to be computed. */
const SAFE_MAGNITUDE = 300;

/**
 * The position after the literal or number that starts at `at`; -1 when neither does, -2 when a number is too large for
 * a double.
 */
export function scanScalar(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  const code = bytes[at] as number;
  if (code <= NINE) return scanNumber(bytes, at, end);
  if (code === 0x74) return scanWord(bytes, at, end, 'true');
  if (code === 0x66) return scanWord(bytes, at, end, 'false');
  return code === 0x6e ? scanWord(bytes, at, end, 'null') : -1;
}

function scanWord(bytes: Uint8Array, at: number, end: number, word: string): number {
  if (at + word.length > end) return -1;
  for (let i = 1; i < word.length; i++) {
    if (bytes[at + i] !== word.charCodeAt(i)) return -1;
  }
  return at + word.length;
}

function scanNumber(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] === MINUS ? at + 1 : at;
  let i = scanDigits(bytes, first, end);
  if (i === first || (bytes[first] === ZERO && i > first + 1)) return -1;
  if (i < end && bytes[i] === POINT) {
    const fraction = i + 1;
    i = scanDigits(bytes, fraction, end);
    if (i === fraction) return -1;
  }
  if (i < end && ((bytes[i] as number) | 0x20) === LETTER_E) return scanExponent(bytes, at, i, end);
  return i - at < SAFE_MAGNITUDE ? i : checkFinite(bytes, at, i);
}

function scanDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && (bytes[i] as number) >= ZERO && (bytes[i] as number) <= NINE) i++;
  return i;
}

function scanExponent(bytes: Uint8Array, start: number, at: number, end: number): number {
  let i = at + 1;
  if (i < end && (bytes[i] === PLUS || bytes[i] === MINUS)) i++;
  const digits = scanDigits(bytes, i, end);
  if (digits === i) return -1;
  const isSafe = digits - i <= 2 && digits - start + 99 < SAFE_MAGNITUDE;
  return isSafe ? digits : checkFinite(bytes, start, digits);
}

function checkFinite(bytes: Uint8Array, start: number, end: number): number {
  return Number.isFinite(Number(decodeAscii(bytes, start, end))) ? end : -2;
}
