/** Hears of a run from `from` to `to`; true = the scan may end. */
export type OnDigits = (from: number, to: number) => boolean;

/** Digits that a run must hold: no number that is looked for has fewer. */
const MIN_DIGITS = 8;

const DIGIT = 2;
const SEPARATOR = 1;
const kinds: Uint8Array = new Uint8Array(256);
for (const character of ' -.()/') kinds[character.charCodeAt(0)] = SEPARATOR;
for (const character of '0123456789') kinds[character.charCodeAt(0)] = DIGIT;

/**
 * Tells runs of digits and of what is written between digits, with eight digits at least: cards, accounts, telephones.
 * It looks at every eighth byte, and more closely where that may be part of one.
 */
export function scanDigitRuns(bytes: Uint8Array, start: number, end: number, onDigits: OnDigits): boolean {
  let known = start;
  let i = start + MIN_DIGITS - 1;
  while (i < end) {
    if (kinds[bytes[i] as number] === 0) {
      i += MIN_DIGITS;
      continue;
    }
    let from = i;
    let to = i;
    let digits = 0;
    while (from > known && kinds[bytes[from - 1] as number] !== 0) from--;
    for (to = from; to < end; to++) {
      const kind = kinds[bytes[to] as number] as number;
      if (kind === 0) break;
      digits += kind >> 1;
    }
    if (digits >= MIN_DIGITS && onDigits(from, to)) return true;
    known = to;
    i = to + MIN_DIGITS;
  }
  return false;
}
