const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A text of JSON. */
export interface JsonString {
  /** With its quotes. */
  readonly from: number;
  readonly to: number;
  /** What it says, in UTF-8. */
  readonly text: Uint8Array;
  /** False where it runs over the end; its escapes are as they were written then. */
  readonly isWhole: boolean;
}

/** Reads the text whose opening quote is at `at`. The JSON has been checked before. */
export function readString(bytes: Uint8Array, at: number, end: number): JsonString {
  let hasEscapes = false;
  let i = at + 1;
  while (i < end && bytes[i] !== QUOTE) {
    if (bytes[i] === BACKSLASH) {
      hasEscapes = true;
      i++;
    }
    i++;
  }
  if (i >= end) return { from: at, to: end, text: bytes.subarray(at + 1, end), isWhole: false };
  const text = hasEscapes ? unescape(bytes.subarray(at, i + 1)) : bytes.subarray(at + 1, i);
  return { from: at, to: i + 1, text, isWhole: true };
}

function unescape(quoted: Uint8Array): Uint8Array {
  const text: unknown = JSON.parse(Buffer.from(quoted.buffer, quoted.byteOffset, quoted.byteLength).toString('utf8'));
  return Buffer.from(String(text), 'utf8');
}

/** The end of the number that begins at `at`. */
export function readNumberEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && isNumberPart(bytes[i] as number)) i++;
  return i;
}

function isNumberPart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || (code | 0x20) === 0x65;
}
