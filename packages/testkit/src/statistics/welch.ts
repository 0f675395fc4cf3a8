/** How far two samples' means lie apart, in standard errors (Welch's t): beyond 4.5 they are told apart. */
export function welchT(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [momentsOf(a), momentsOf(b)];
  return Math.abs(first.mean - second.mean) / Math.sqrt(first.variance / a.length + second.variance / b.length);
}

/** The middle nine tenths: what the machine did at the same time says nothing. */
export function withoutOutliers(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b).slice(0, Math.ceil(values.length * 0.9));
}

function momentsOf(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}
