#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '@arqonbus/runtime';
import { addBenchCommand } from './bench/bench-command.ts';
import { addPublishCommand } from './client/publish-command.ts';
import { addStatusCommand } from './client/status-command.ts';
import { addTailCommand } from './client/tail-command.ts';
import { addConfigCommand } from './config/config-command.ts';
import { addDevCommand } from './dev/dev-command.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import { addCompletionCommand } from './inspect/completion-command.ts';
import { addVersionCommand } from './inspect/version-command.ts';
import { addMigrateCommand } from './migrate/migrate-command.ts';
import { addMetricsCommand } from './metrics/metrics-command.ts';
import { addPreflightCommand } from './preflight/preflight-command.ts';
import { addAuthCommand } from './tokens/auth-command.ts';
import { addTokenCommand } from './tokens/token-command.ts';

const program = new Command('arqon')
  .description('ArqonBus: a real-time message bus for people, devices and AI agents')
  .version(VERSION, '-V, --version')
  .configureOutput({ outputError: (text, write) => write(`arqon: ${text.replace(/^error: /, '')}`) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

// Listed by --help in this order.
const client = [addDevCommand, addStatusCommand, addTailCommand, addPublishCommand, addDoctorCommand, addBenchCommand];
const operator = [addTokenCommand, addAuthCommand, addConfigCommand, addPreflightCommand, addMigrateCommand];
const about = [addMetricsCommand, addVersionCommand, addCompletionCommand];
for (const addCommand of [...client, ...operator, ...about]) addCommand(program);

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`arqon: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
