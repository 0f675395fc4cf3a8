import { cpus } from 'node:os';
import type { BenchOrder } from './parse-arguments.ts';
import { formatTable } from './format-table.ts';

/** Runs benchmarks one after another; tables go to standard output, progress beside it. With `asJson` one JSON document instead of the tables. */
export async function runBenchmarks(order: Extract<BenchOrder, { kind: 'run' }>): Promise<void> {
  const { benchmarks, asJson, ...options } = order;
  const onProgress = (text: string): void => void process.stderr.write(`  ${text}\n`);
  const results: object[] = [];
  for (const { name, title, run } of benchmarks) {
    process.stderr.write(`${name}\n`);
    const startedAt = performance.now();
    const result = await run({ ...options, onProgress });
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    results.push({ name, title, seconds, ...result });
    if (!asJson)
      process.stdout.write(
        `\n${title}\n${order.rounds} rounds, ${seconds} s; median (least–most)\n\n${formatTable(result)}\n`,
      );
  }
  const machine = { node: process.version, platform: `${process.platform} ${process.arch}`, cores: cpus().length };
  if (asJson)
    process.stdout.write(
      `${JSON.stringify({ at: new Date().toISOString(), machine, rounds: order.rounds, results }, undefined, 1)}\n`,
    );
}
