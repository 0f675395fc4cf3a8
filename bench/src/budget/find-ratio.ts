import type { BenchmarkResult } from '../harness/benchmark.ts';
import type { BudgetedRatio } from './budget.ts';

/** The measured ratio that a budget is about. Throws where the benchmark's table does not have it: a budget that nothing keeps is no budget. */
export function findRatio(result: BenchmarkResult, { row, column, against }: BudgetedRatio): number {
  const value = readValue(result, row, column);
  return against === undefined ? value : value / readValue(result, against, column);
}

function readValue({ columns, rows }: BenchmarkResult, start: readonly string[], column: string): number {
  const at = columns.indexOf(column);
  const matching = rows.filter((row) => start.every((text, index) => row[index] === text));
  const cell = matching[0]?.[at];
  const value = typeof cell === 'object' ? cell.median : cell;
  if (matching.length !== 1 || typeof value !== 'number' || !Number.isFinite(value)) {
    throw new Error(`The benchmark has no single number at "${start.join(', ')}", column "${column}".`);
  }
  return value;
}
