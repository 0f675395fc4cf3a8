import { readFileSync } from 'node:fs';

/** One ratio that a benchmark must keep: where it stands in the benchmark's table, and how large it may be. */
export interface BudgetedRatio {
  /** The texts that begin the row. */
  readonly row: readonly string[];
  readonly column: string;
  /** Divide by the same column of this row; absent = the column holds a ratio already. */
  readonly against?: readonly string[];
  /** What it is, as measured when the budget was set. */
  readonly ratio: number;
}

/** What one benchmark must keep, and how it is run for that. */
export interface BenchmarkBudget {
  readonly benchmark: string;
  /** Contenders that run; see `--only`. */
  readonly only: readonly string[];
  readonly rounds: number;
  readonly ratios: readonly BudgetedRatio[];
}

/** The budget (BEN-3). */
export interface Budget {
  /** By how much of itself a ratio may be exceeded. */
  readonly tolerancePercent: number;
  /** Paired runs that must all exceed it again before it counts. */
  readonly confirmations: number;
  readonly benchmarks: readonly BenchmarkBudget[];
}

/** Reads the budget file. Throws where it budgets nothing. */
export function readBudget(path: string | URL): Budget {
  const budget = JSON.parse(readFileSync(path, 'utf8')) as Budget;
  if (!budget.benchmarks.some(({ ratios }) => ratios.length > 0)) throw new Error('The budget holds no ratio.');
  return budget;
}
