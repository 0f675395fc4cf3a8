import type { Spread } from './statistics.ts';

/** How a benchmark is run. */
export interface RunOptions {
  /** Rounds of paired samples. */
  readonly rounds: number;
  /** Fewer and shorter samples. */
  readonly isQuick: boolean;
  /** Texts one of which the name of a contender must hold; empty = all run. */
  readonly only: readonly string[];
  /** Where our server writes CPU profiles; undefined = it is not profiled. */
  readonly profileFolder?: string;
  /** Told what is going on. */
  readonly onProgress: (text: string) => void;
}

/** One value of a row: a text, a number with its own precision, or a median with its spread. */
export type Cell = string | number | Spread;

/** What a benchmark found. */
export interface BenchmarkResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the figures are held to, and whether they hold: one line each. */
  readonly verdicts: readonly string[];
}

/** A benchmark: something the bus is measured by (BEN-1). */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(options: RunOptions): Promise<BenchmarkResult>;
}
