/** How a ratio stands to its budget. */
export type BudgetVerdict =
  /** Within the budget and its tolerance. */
  | 'kept'
  /** Exceeded so far; more paired runs must say whether that was noise. */
  | 'unconfirmed'
  /** Exceeded, and again in every confirming run. */
  | 'regressed'
  /** Exceeded at first, and not in a later run. */
  | 'noise';

/** What a budget tolerates. */
export interface Tolerance {
  readonly tolerancePercent: number;
  readonly confirmations: number;
}

/** The largest ratio that is still within the budget. */
export function limitOf(ratio: number, { tolerancePercent }: Tolerance): number {
  return ratio * (1 + tolerancePercent / 100);
}

/**
 * Judges the ratios that one or more paired runs measured, the first run first (BEN-3): over the limit counts only when it
 * is confirmed by so many further runs, all of them.
 */
export function judgeRatio(budgeted: number, measured: readonly number[], tolerance: Tolerance): BudgetVerdict {
  const limit = limitOf(budgeted, tolerance);
  // Written so that what is not a number does not pass.
  const isWithin = (value: number): boolean => value <= limit;
  const [first, ...later] = measured;
  if (first === undefined) return 'unconfirmed';
  if (isWithin(first)) return 'kept';
  if (later.some(isWithin)) return 'noise';
  return later.length >= tolerance.confirmations ? 'regressed' : 'unconfirmed';
}
