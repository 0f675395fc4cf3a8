import type { Action } from '../detectors/detector.ts';

/** Something found, and what is done about it; never what it says. */
export interface Finding {
  readonly detector: string;
  /** JSON pointer; names that may say something stand as `?`. Empty = the whole. */
  readonly path: string;
  readonly action: Action;
}

/** A replacement of bytes of a part. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by: Uint8Array;
}

/** What was found in one part of a message: its payload, its arguments, … */
export interface PartFindings {
  readonly findings: readonly Finding[];
  /** In the order of the bytes; empty where nothing is redacted. */
  readonly edits: readonly Edit[];
  /** True where only the first bytes were looked at. */
  readonly isPartial: boolean;
}

/** Findings beyond this number are not told one by one: what is done is the same. */
export const MAX_FINDINGS = 64;

/** What nothing was found in, shared. */
export const CLEAN_PART: PartFindings = Object.freeze({ findings: [], edits: [], isPartial: false });

/** The bytes with all edits made; everything else stays as it was written. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const { from, to, by } of edits) {
    pieces.push(bytes.subarray(at, from), by);
    at = to;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
