/** A middle value and how far the others lie from it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of some numbers; all zero where there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
  return { median, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** The spread of `values[i] / others[i]`: ratios within pairs, which a noisy machine spoils least. */
export function ratioOf(values: readonly number[], others: readonly number[]): Spread {
  return spreadOf(values.slice(0, others.length).map((value, index) => value / (others[index] ?? Number.NaN)));
}

/** The spread of `values[i] - others[i]`. */
export function differenceOf(values: readonly number[], others: readonly number[]): Spread {
  return spreadOf(values.slice(0, others.length).map((value, index) => value - (others[index] ?? Number.NaN)));
}
