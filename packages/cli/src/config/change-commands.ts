import type { Command } from 'commander';
import { addOperatorFlags, requireOperator } from '../client/operator-client.ts';
import type { OperatorFlags } from '../client/operator-client.ts';
import { createSettingsClient } from './settings-client.ts';

const EXAMPLES = `
Which settings can be changed is marked in docs/configuration.md. A change holds for the whole bus, all tenants, and
outlives restarts until it is reset. It needs http.admin_token at the Shield.

Examples:
  arqon config set limits.messages_per_second 50 --http-url http://127.0.0.1:8080
  arqon config reset limits.messages_per_second
`;

/** Adds `arqon config set` and `reset`: settings of a running bus (CFG-1). */
export function addChangeCommands(config: Command): void {
  const set = config
    .command('set <key> <value>')
    .description('change a setting of the running bus, everywhere at once');
  addOperatorFlags(set).addHelpText('after', EXAMPLES).action(setSetting);
  const reset = config.command('reset <key>').description('let a setting be again what configuration says');
  addOperatorFlags(reset).addHelpText('after', EXAMPLES).action(resetSetting);
}

async function setSetting(key: string, value: string, flags: OperatorFlags): Promise<void> {
  await createSettingsClient(requireOperator(flags)).set(key, value);
  process.stdout.write(`${key} = ${value}\n`);
}

async function resetSetting(key: string, flags: OperatorFlags): Promise<void> {
  const wasChanged = await createSettingsClient(requireOperator(flags)).reset(key);
  process.stdout.write(wasChanged ? `${key} is as configured again\n` : `${key} was as configured\n`);
}
