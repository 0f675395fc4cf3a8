import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { DevOptions } from './run-dev.ts';

/** Adds `arqon dev`: the whole bus in one process, for a laptop (ARC-11). */
export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description('start the whole bus in this process, with ready-made tokens; for development only')
    .option('--port <port>', 'port for clients; 0 = free ports for everything', parsePort)
    .option('--config <file>', 'configuration file, YAML')
    .option('--json', 'print one JSON line with addresses and tokens, and nothing else, on standard output', false)
    .addHelpText('after', '\nExamples:\n  arqon dev\n  arqon dev --port 0 --json\n')
    .action(async (options: DevOptions) => (await import('./own-bus.ts')).runDev(options));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535.');
  return port;
}
