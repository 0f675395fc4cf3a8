import type { Envelope } from './envelope.ts';
import type { ErrorCode } from './errors/error-table.ts';

/** What is wrong with one field of untrusted input; both texts are ours, never an exception's (PRT-10). */
export interface FieldProblem {
  /** Path of the field such as `payload.name`, or `''` for the frame as a whole. */
  readonly field: string;
  readonly problem: string;
}

/** Why a frame was refused. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly errors: readonly FieldProblem[];
  /** The id of the refused message where one could be read, else `''`. */
  readonly id: string;
}

/** The outcome of decoding a frame. */
export type DecodeResult = { readonly ok: true; readonly envelope: Envelope } | Refusal;
