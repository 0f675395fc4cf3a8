#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { VERSION } from '@arqonbus/runtime';
import { addCommands } from './commands.ts';
import { refusalText } from './refusal-text.ts';

const program = new Command('arqon')
  .description('ArqonBus: a real-time message bus for people, devices and AI agents')
  .version(VERSION, '-V, --version')
  // Else it is taken for that of a policy, and nothing is done.
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(`arqon: ${text.replace(/^error: /, '')}`) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever read has had enough, as `head` has.
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

addCommands(program, process.argv[2])
  .then(() => program.parseAsync())
  .catch((error: unknown) => {
    process.stderr.write(`arqon: ${refusalText(error)}\n`);
    // What is found wrong with arguments only once all are there.
    process.exit(error instanceof CommanderError ? 2 : 1);
  });
