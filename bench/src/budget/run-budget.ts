import type { Benchmark, BenchmarkResult, Cell } from '../harness/benchmark.ts';
import { formatTable } from '../harness/format-table.ts';
import type { BenchmarkBudget, Budget, BudgetedRatio } from './budget.ts';
import { findRatio } from './find-ratio.ts';
import { judgeRatio, limitOf } from './judge-ratio.ts';

/** A budgeted ratio, and what the runs so far measured. */
interface Measured {
  readonly benchmark: string;
  readonly budgeted: BudgetedRatio;
  readonly values: number[];
}

/**
 * Runs those of the benchmarks that have a budget, shortly, and compares their ratios with it (BEN-3); what exceeds it is run
 * again until it is confirmed or was noise. Prints a table; true when nothing has regressed. Throws where none has a budget.
 */
export async function runBudget(
  budget: Budget,
  benchmarks: readonly Benchmark[],
  onProgress: (text: string) => void,
): Promise<boolean> {
  const all: Measured[] = [];
  for (const plan of budget.benchmarks) {
    const benchmark = benchmarks.find(({ name }) => name === plan.benchmark);
    if (benchmark === undefined) continue;
    const own = plan.ratios.map((budgeted) => ({ benchmark: plan.benchmark, budgeted, values: [] as number[] }));
    all.push(...own);
    await measure(benchmark, plan, own, budget, onProgress);
  }
  if (all.length === 0) throw new Error('None of these benchmarks has a budget.');
  process.stdout.write(`\n${formatTable(tableOf(all, budget))}\n`);
  return all.every((entry) => verdictOf(entry, budget) !== 'regressed');
}

/** Runs one benchmark until each of its ratios is kept, has regressed, or was noise. */
async function measure(
  benchmark: Benchmark,
  { only, rounds }: BenchmarkBudget,
  entries: readonly Measured[],
  budget: Budget,
  onProgress: (text: string) => void,
): Promise<void> {
  let open = entries;
  for (let run = 0; open.length > 0; run += 1) {
    onProgress(run === 0 ? benchmark.name : `${benchmark.name}: over budget, confirming ${run}`);
    const result = await benchmark.run({ rounds, only, isQuick: true, onProgress: () => {} });
    for (const { budgeted, values } of open) values.push(findRatio(result, budgeted));
    open = entries.filter((entry) => verdictOf(entry, budget) === 'unconfirmed');
  }
}

function verdictOf({ budgeted, values }: Measured, budget: Budget): ReturnType<typeof judgeRatio> {
  return judgeRatio(budgeted.ratio, values, budget);
}

function tableOf(all: readonly Measured[], budget: Budget): BenchmarkResult {
  const rows = all.map((entry): readonly Cell[] => {
    const { benchmark, budgeted, values } = entry;
    const measured = values.map((value) => value.toFixed(2)).join(', ');
    const name = budgeted.row.join(', ');
    return [benchmark, name, budgeted.ratio, limitOf(budgeted.ratio, budget), measured, verdictOf(entry, budget)];
  });
  const regressed = all.filter((entry) => verdictOf(entry, budget) === 'regressed');
  return {
    columns: ['benchmark', 'ratio of', 'budget', 'limit', 'measured', 'verdict'],
    rows,
    verdicts: regressed.map(({ benchmark, budgeted }) => `REGRESSED: ${benchmark}, ${budgeted.row.join(', ')}`),
  };
}
