import { literalDetectors, detectorTable } from '../detectors/index.ts';
import type { Span } from '../detectors/detector.ts';
import { numberShapes } from '../detectors/personal-data.ts';
import { scanDigitRuns } from '../literals/digit-runs.ts';
import { createLiteralSet } from '../literals/literal-set.ts';
import type { Literal, LiteralSet } from '../literals/literal-set.ts';
import { mayBeNumber } from '../literals/may-be-number.ts';
import { canonicalOf, disguises } from './canonical-text.ts';

/** What a detector found in a text. */
export interface Found extends Span {
  readonly detector: string;
}

/** Everything that was found in a text. */
export interface TextFindings {
  readonly found: readonly Found[];
  /** What shows only when the text is written plainly (C-12); where it stood cannot be told. */
  readonly disguised: readonly Found[];
}

/** Looks for everything that detectors know. */
export interface TextInspector {
  /** False = there is nothing in these bytes, JSON or not: one pass, no expression (CAS-11). */
  mayHold(bytes: Uint8Array, start: number, end: number): boolean;
  /** What stands in these bytes, which are text with no escapes. */
  inspect(bytes: Uint8Array): TextFindings;
}

/** Text around a run of digits that expressions look at. */
const AROUND_DIGITS = 40;

const NOTHING: TextFindings = Object.freeze({ found: [], disguised: [] });
const always = (): boolean => true;

/** Places of literals in the set: those of detectors, then those of disguises, then those that a policy adds. */
const detectorLiterals: readonly (Literal & { readonly detector: number })[] = literalDetectors.flatMap(
  ({ literals }, detector) => literals.map((literal) => ({ ...literal, detector })),
);
const FIRST_DISGUISE = detectorLiterals.length;

/** An inspector; `extra` are literals beside those of the detectors, of which only {@link TextInspector.mayHold} takes note. */
export function createTextInspector(extra: readonly Literal[]): TextInspector {
  const literals: LiteralSet = createLiteralSet([...detectorLiterals, ...disguises, ...extra]);
  const findIn = (bytes: Uint8Array): { readonly found: Found[]; readonly isDisguised: boolean } => {
    const found: Found[] = [];
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    let isDisguised = false;
    literals.scan(bytes, 0, bytes.length, (literal, from) => {
      if (literal >= FIRST_DISGUISE) isDisguised ||= literal < FIRST_DISGUISE + disguises.length;
      else findLiteral(text, literal, from, found);
      return false;
    });
    scanDigitRuns(bytes, 0, bytes.length, (from, to) => {
      if (mayBeNumber(bytes, from, to)) findNumbers(text, from, to, found);
      return false;
    });
    return { found: withoutRepeats(found), isDisguised };
  };
  return {
    mayHold: (bytes, start, end) =>
      literals.scan(bytes, start, end, always) ||
      scanDigitRuns(bytes, start, end, (from, to) => mayBeNumber(bytes, from, to)),
    inspect: (bytes) => {
      const { found, isDisguised } = findIn(bytes);
      if (!isDisguised) return found.length === 0 ? NOTHING : { found, disguised: [] };
      const plain = canonicalOf(bytes);
      if (plain === undefined) return { found, disguised: [] };
      return { found, disguised: findIn(plain).found };
    },
  };
}

function findLiteral(text: string, literal: number, from: number, found: Found[]): void {
  const { detector, text: word } = detectorLiterals[literal] as (typeof detectorLiterals)[number];
  const { id, find } = literalDetectors[detector] as (typeof literalDetectors)[number];
  const last = found.at(-1);
  // Inside of what this detector has found already there is nothing new: without this, hostile text costs more than its length.
  if (last !== undefined && last.detector === id && from < last.to) return;
  const span = find(text, from, from + word.length);
  if (span !== undefined) found.push({ ...span, detector: id });
}

function findNumbers(text: string, from: number, to: number, found: Found[]): void {
  const offset = Math.max(0, from - AROUND_DIGITS);
  const part = text.slice(offset, to + AROUND_DIGITS);
  for (const { id, shape, check } of numberShapes) {
    shape.lastIndex = 0;
    for (let match = shape.exec(part); match !== null; match = shape.exec(part)) {
      const span = check(match);
      if (span !== undefined) found.push({ from: span.from + offset, to: span.to + offset, detector: id });
    }
  }
}

const severities = { low: 0, medium: 1, high: 2 } as const;

/** The same place is told once for a detector; a weaker kind of the same group gives way to a stronger one there. */
function withoutRepeats(found: readonly Found[]): Found[] {
  if (found.length < 2) return [...found];
  const kept: Found[] = [];
  for (const one of found.toSorted((a, b) => weight(b) - weight(a) || a.from - b.from)) {
    if (!kept.some((other) => groupOf(other) === groupOf(one) && overlaps(one, other))) kept.push(one);
  }
  return kept.toSorted((a, b) => a.from - b.from);
}

function weight({ detector }: Found): number {
  return severities[detectorTable.get(detector)?.severity ?? 'low'];
}

function groupOf({ detector }: Found): string {
  return detectorTable.get(detector)?.group ?? '';
}

function overlaps(a: Span, b: Span): boolean {
  return a.from < b.to && b.from < a.to;
}
