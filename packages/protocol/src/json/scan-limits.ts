import type { Limits } from '../limits.ts';

/** The part of the limits that the scanner looks at. */
export type ScanLimits = Pick<Limits, 'maxDepth' | 'maxKeysPerObject' | 'maxArrayItems'>;

/** Why a text is no acceptable JSON value. */
export interface ScanProblem {
  /** Path of the innermost object member or array item where the scan stopped, such as `a.b[3]`; `''` = the value itself. */
  readonly field: string;
  /** One of {@link scanProblems}. */
  readonly problem: string;
}

/** Every text that the scanner gives as a problem. */
export const scanProblems = {
  syntax: 'is not valid JSON',
  utf8: 'is not valid UTF-8',
  depth: 'is nested too deeply',
  keys: 'has too many keys',
  items: 'has too many items',
  duplicate: 'is a duplicate key',
  forbidden: 'is a forbidden key',
  surrogate: 'holds a lone surrogate',
  number: 'is a number out of range',
} as const;
