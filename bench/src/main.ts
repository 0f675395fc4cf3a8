import { readBudget } from './budget/budget.ts';
import { runBudget } from './budget/run-budget.ts';
import { benchmarks } from './benchmarks/index.ts';
import { parseArguments } from './harness/parse-arguments.ts';
import { runBenchmarks } from './harness/run-benchmarks.ts';

const order = parseArguments(process.argv.slice(2), benchmarks);

if (order.kind === 'list') {
  for (const { name, title } of benchmarks) process.stdout.write(`${name.padEnd(22)}${title}\n`);
} else if (order.kind === 'wrong') {
  process.stderr.write(`bench: ${order.problem}\n`);
  process.exitCode = 2;
} else if (order.kind === 'budget') {
  const budget = readBudget(new URL('../budget.json', import.meta.url));
  const isKept = await runBudget(budget, order.benchmarks, (text) => void process.stderr.write(`  ${text}\n`));
  process.exit(isKept ? 0 : 1);
} else {
  await runBenchmarks(order);
  process.exit();
}
