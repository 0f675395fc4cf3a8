import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { benchmarks } from '../benchmarks/index.ts';
import type { Benchmark, BenchmarkResult } from '../harness/benchmark.ts';
import { readBudget } from './budget.ts';
import type { Budget } from './budget.ts';
import { findRatio } from './find-ratio.ts';
import { runBudget } from './run-budget.ts';

const spread = (median: number): { median: number; min: number; max: number } => ({ median, min: 0, max: 9 });

function tableWith(ratio: number): BenchmarkResult {
  const rows = [
    ['1 KiB', 'ours', spread(ratio), 10],
    ['1 KiB', 'raw', spread(1), 4],
  ];
  return { columns: ['case', 'server', '× raw', 'KiB'], rows, verdicts: [] };
}

/** A benchmark that measures these ratios one run after the other. */
function scripted(ratios: readonly number[]): Benchmark & { readonly runs: () => number } {
  let runs = 0;
  return {
    name: 'fan-out',
    title: 'scripted',
    run: async () => tableWith(ratios[runs++] ?? Number.NaN),
    runs: () => runs,
  };
}

const row = ['1 KiB', 'ours'];
const budget: Budget = {
  tolerancePercent: 10,
  confirmations: 3,
  benchmarks: [{ benchmark: 'fan-out', only: [], rounds: 3, ratios: [{ row, column: '× raw', ratio: 1.2 }] }],
};

let printed = '';

beforeEach(() => {
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});

afterEach(() => vi.restoreAllMocks());

describe('[BEN-3] the gate of the budget', () => {
  it('runs once what is within the budget', async () => {
    const benchmark = scripted([1.25]);
    expect(await runBudget(budget, [benchmark], () => {})).toBe(true);
    expect(benchmark.runs()).toBe(1);
    expect(printed).toMatch(/1 KiB, ours +1\.20 +1\.32 +1\.25 +kept/);
  });

  it('fails on a regression that three more runs confirm, and names it', async () => {
    const benchmark = scripted([1.4, 1.5, 1.4, 1.33]);
    expect(await runBudget(budget, [benchmark], () => {})).toBe(false);
    expect(benchmark.runs()).toBe(4);
    expect(printed).toContain('REGRESSED: fan-out, 1 KiB, ours');
  });

  it('stops confirming at the first run within the budget', async () => {
    const benchmark = scripted([1.9, 1.4, 1.2]);
    expect(await runBudget(budget, [benchmark], () => {})).toBe(true);
    expect(benchmark.runs()).toBe(3);
    expect(printed).toContain('noise');
  });

  it('fails loudly where a benchmark or a row is not there', async () => {
    await expect(runBudget(budget, [], () => {})).rejects.toThrow('None of these');
    expect(() => findRatio(tableWith(1), { row: ['2 KiB'], column: '× raw', ratio: 1 })).toThrow('2 KiB');
    expect(() => findRatio(tableWith(1), { row: ['1 KiB'], column: '× raw', ratio: 1 })).toThrow('no single number');
    expect(() => findRatio(tableWith(1), { row, column: 'server', ratio: 1 })).toThrow('no single number');
    expect(() => findRatio(tableWith(Number.NaN), { row, column: '× raw', ratio: 1 })).toThrow('no single number');
  });

  it('divides one row by another where the table has no ratio', () => {
    expect(findRatio(tableWith(1), { row, against: ['1 KiB', 'raw'], column: 'KiB', ratio: 1 })).toBe(2.5);
  });
});

describe('[BEN-3] the budget file', () => {
  const shipped = readBudget(new URL('../../budget.json', import.meta.url));

  it('tolerates 10 %, after three confirming runs', () => {
    expect([shipped.tolerancePercent, shipped.confirmations]).toEqual([10, 3]);
  });

  it('names benchmarks that are there, each once, with ratios above zero', () => {
    const names = shipped.benchmarks.map(({ benchmark }) => benchmark);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name))).toEqual([]);
    expect(shipped.benchmarks.flatMap(({ ratios }) => ratios).filter(({ ratio }) => !(ratio > 0))).toEqual([]);
  });

  it('budgets fan-out, ingest, the mix, codecs and idle memory', () => {
    const names = shipped.benchmarks.map(({ benchmark }) => benchmark);
    expect(names).toEqual(['fan-out', 'ingest', 'mix', 'codecs', 'idle-connections']);
  });
});
