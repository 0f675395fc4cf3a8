import type { ErrorCode, FieldProblem } from '@arqonbus/protocol';

/** A stage's refusal: the code the sender is told, and a fixed word for counters and logs (SAF-5). */
export interface Block {
  readonly kind: 'block';
  readonly code: ErrorCode;
  readonly reason: string;
  /** What is wrong with which field; may be empty. */
  readonly errors: readonly FieldProblem[];
  /** When the same message may be tried again; 0 = not told. */
  readonly retryAfterMs: number;
  /** Correlates an `INTERNAL_ERROR` with our log; empty otherwise (PRT-10). */
  readonly traceId: string;
  /** More members for the payload of the error. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a stage, and the whole chain, says of a message. */
export type Verdict = { readonly kind: 'allow' } | { readonly kind: 'changed' } | Block;

/** The one `allow`, shared: saying yes allocates nothing. */
export const ALLOW: Verdict = Object.freeze({ kind: 'allow' });

/** It may go on, and its payload is another one: whoever looks at content looks once more (SAF-6). */
export const CHANGED: Verdict = Object.freeze({ kind: 'changed' });

const NO_PROBLEMS: readonly FieldProblem[] = Object.freeze([]);

/** A refusal. */
export function block(
  code: ErrorCode,
  reason: string,
  errors: readonly FieldProblem[] = NO_PROBLEMS,
  retryAfterMs = 0,
): Block {
  return { kind: 'block', code, reason, errors, retryAfterMs, traceId: '' };
}
