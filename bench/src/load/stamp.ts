/** Stands in a payload for a number that differs in each message, so that no message is a duplicate of another. */
export const COUNTER_MARK = 'NNNNNNNNNN';
/** What comes before that number in the id of a message; answers name the message by it. */
export const COUNTER_PREFIX = 'arq_01J9ZQX5T7W';
/** Stands in a payload for the time of sending, in microseconds. */
export const TIME_MARK = 'TTTTTTTTTTTTTTTT';
/** What comes before the time in a payload; receivers find the time by it. */
export const TIME_PREFIX = '"t":"';

const ZERO = 0x30;
const TIME_PREFIX_BYTES = Buffer.from(TIME_PREFIX);
const COUNTER_PREFIX_BYTES = Buffer.from(COUNTER_PREFIX);

/** Writes `value` in decimal over the `width` bytes at `at`. */
export function writeDigits(bytes: Buffer, at: number, width: number, value: number): void {
  let rest = value;
  for (let i = at + width - 1; i >= at; i -= 1) {
    const next = Math.floor(rest / 10);
    bytes[i] = ZERO + (rest - next * 10);
    rest = next;
  }
}

/** The time that a payload was stamped with, in microseconds; -1 where it carries none. */
export function readTime(bytes: Buffer, start: number, end: number): number {
  return readAfter(TIME_PREFIX_BYTES, TIME_MARK.length, bytes, start, end);
}

/** The number of the message that an answer is for; -1 where it names none. */
export function readCounter(bytes: Buffer, start: number, end: number): number {
  return readAfter(COUNTER_PREFIX_BYTES, COUNTER_MARK.length, bytes, start, end);
}

function readAfter(prefix: Buffer, width: number, bytes: Buffer, start: number, end: number): number {
  const found = bytes.indexOf(prefix, start);
  if (found < 0 || found + prefix.length + width > end) return -1;
  let value = 0;
  const from = found + prefix.length;
  for (let i = from; i < from + width; i += 1) value = value * 10 + (bytes[i] as number) - ZERO;
  return value;
}
