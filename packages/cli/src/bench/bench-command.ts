import type { ArqonClient } from '@arqonbus/sdk';
import type { Command } from 'commander';
import { addClientFlags } from '../client/client-flags.ts';
import type { ClientFlags } from '../client/client-flags.ts';
import { parseCount } from '../client/parse-count.ts';
import { parseSpan } from '../client/parse-span.ts';
import { openClient } from '../client/with-client.ts';
import { BenchRun } from './bench-run.ts';
import { reportText } from './bench-report.ts';

interface BenchFlags extends ClientFlags {
  readonly publishers: number;
  readonly subscribers: number;
  readonly rate: number;
  readonly duration: number;
  readonly size: number;
}

const EXAMPLES = `
Exit code 1 where an acknowledged message did not reach every subscriber. Every client of it has the same token, and the
bus limits connections of a user (20) and messages of a connection (100 a second): what it refuses is counted. Latencies
hold this program's own work; for the cost of the server use "npm run bench" of the project.

Examples:
  arqon bench
  arqon bench load:test --publishers 5 --subscribers 15 --rate 400 --duration 30s --size 1024
`;

/** Adds `arqon bench`: load on a running bus, and what came of it (CLI-1). */
export function addBenchCommand(program: Command): void {
  const command = program
    .command('bench')
    .description('publish to a running bus at a rate, and tell latencies and losses')
    .argument('[target]', 'room:channel', 'bench:load')
    .option('--publishers <n>', 'clients that publish', parseCount, 1)
    .option('--subscribers <n>', 'clients that listen', parseCount, 10)
    .option('--rate <n>', 'messages a second, of all publishers together', parseCount, 50)
    .option('--duration <span>', 'how long: 10s, 2m', parseSpan, 10_000)
    .option('--size <bytes>', 'text in each message', parseCount, 256)
    .addHelpText('after', EXAMPLES);
  addClientFlags(command).action(bench);
}

async function bench(target: string, flags: BenchFlags): Promise<void> {
  const clients: ArqonClient[] = [];
  try {
    const count = flags.publishers + flags.subscribers;
    while (clients.length < count) clients.push(await openClient(flags));
    const run = new BenchRun({
      target,
      publishers: clients.slice(0, flags.publishers),
      subscribers: clients.slice(flags.publishers),
      rate: flags.rate,
      durationMs: flags.duration,
      size: flags.size,
      settleMs: flags.timeout,
    });
    const stopProgress = showProgress(run);
    const report = await run.run().finally(stopProgress);
    process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : reportText(report));
    if (report.delivered < report.expected || report.acknowledged === 0) process.exitCode = 1;
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** A line that is written over every second, for people only. */
function showProgress(run: BenchRun): () => void {
  if (!process.stderr.isTTY) return () => undefined;
  const timer = setInterval(() => {
    const { sent, delivered } = run.figures;
    process.stderr.write(`\r${sent} published, ${delivered} delivered`);
  }, 1_000);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001B[K');
  };
}
