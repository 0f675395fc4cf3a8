import type { Command } from 'commander';
import { addSettingsFlags, settingsClientOf } from './settings-client.ts';
import type { SettingsClient, SettingsFlags } from './settings-client.ts';

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
  addSettingsFlags(set).addHelpText('after', EXAMPLES).action(setSetting);
  const reset = config.command('reset <key>').description('let a setting be again what configuration says');
  addSettingsFlags(reset).addHelpText('after', EXAMPLES).action(resetSetting);
}

async function setSetting(key: string, value: string, flags: SettingsFlags): Promise<void> {
  await clientOf(flags).set(key, value);
  process.stdout.write(`${key} = ${value}\n`);
}

async function resetSetting(key: string, flags: SettingsFlags): Promise<void> {
  const wasChanged = await clientOf(flags).reset(key);
  process.stdout.write(wasChanged ? `${key} is as configured again\n` : `${key} was as configured\n`);
}

function clientOf(flags: SettingsFlags): SettingsClient {
  const client = settingsClientOf(flags);
  if (client === undefined)
    throw new Error('which bus? give --http-url and --admin-token, or ARQONBUS_HTTP_URL and ARQONBUS_HTTP_ADMIN_TOKEN');
  return client;
}
