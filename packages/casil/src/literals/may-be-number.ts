const DOT = 0x2e;
const DASH = 0x2d;
const PLUS = 0x2b;
/** The letter after it is that of an escape, in JSON that has not been read yet. */
const BACKSLASH = 0x5c;

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

function isCapital(code: number | undefined): boolean {
  return code !== undefined && code >= 0x41 && code <= 0x5a;
}

function isLetter(code: number | undefined): boolean {
  return code !== undefined && (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
}

/** Fewer digits make none of the numbers that are looked for. */
const MIN_DIGITS = 8;

/**
 * A cheap look at a run of digits, before expressions are tried: times, dates, fractions, counts and parts of UUIDs,
 * which most runs in messages are, are none of the numbers that are looked for.
 */
export function mayBeNumber(bytes: Uint8Array, from: number, to: number): boolean {
  let first = from;
  let last = to;
  while (first < last && !isDigit(bytes[first])) first++;
  while (last > first && !isDigit(bytes[last - 1])) last--;
  let separators = 0;
  let dots = 0;
  for (let i = first; i < last; i++) {
    if (isDigit(bytes[i])) continue;
    separators++;
    if (bytes[i] === DOT) dots++;
  }
  if (separators === 0) return mayBePlain(bytes, first, last);
  const isFraction = separators === 1 && dots === 1;
  if (isFraction || isDate(bytes, first, last)) return false;
  if (bytes[first - 2] === BACKSLASH) return true;
  return !isLetter(bytes[first - 1]) && !isLetter(bytes[last]) ? true : mayBeWithoutEnds(bytes, first, last);
}

/** Digits that touch letters belong to them: what is left without them is looked at again. */
function mayBeWithoutEnds(bytes: Uint8Array, first: number, last: number): boolean {
  let from = first;
  let to = last;
  // A capital may be that of a country or of a check letter.
  if (isLetter(bytes[first - 1]) && !isCapital(bytes[first - 1])) while (from < to && isDigit(bytes[from])) from++;
  if (isLetter(bytes[last]) && !isCapital(bytes[last])) while (to > from && isDigit(bytes[to - 1])) to--;
  if (from === first && to === last) return true;
  let digits = 0;
  for (let i = from; i < to; i++) if (isDigit(bytes[i])) digits++;
  return digits >= MIN_DIGITS && mayBeNumber(bytes, from, to);
}

/** Digits alone: a card, a French key, an IBAN after its letters, a telephone after its plus, a Spanish card before its letter. */
function mayBePlain(bytes: Uint8Array, first: number, last: number): boolean {
  const before = bytes[first - 1];
  if (before === PLUS || isCapital(before) || (bytes[first] === 0x30 && bytes[first + 1] === 0x30)) return true;
  const length = last - first;
  if (length === 8) return isCapital(bytes[last]) || (bytes[last] === DASH && isCapital(bytes[last + 1]));
  const leading = (bytes[first] as number) - 0x30;
  return length >= 14 && length <= 19 && leading >= (length === 15 ? 1 : 2) && leading <= 6;
}

/** `2026-11-25`, alone or before a time. */
function isDate(bytes: Uint8Array, first: number, last: number): boolean {
  return last - first <= 13 && bytes[first + 4] === DASH && bytes[first + 7] === DASH && !isDigit(bytes[first + 10]);
}
