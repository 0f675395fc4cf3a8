import { preflight, referencePage, settings, shownValue } from '@arqonbus/config';
import type { RunMode, SettingKey } from '@arqonbus/config';
import { Option } from 'commander';
import type { Command } from 'commander';
import { addChangeCommands } from './change-commands.ts';
import { failWith, readConfig } from './read-config.ts';
import { addOperatorFlags, operatorOf } from '../client/operator-client.ts';
import type { OperatorFlags } from '../client/operator-client.ts';
import { createSettingsClient } from './settings-client.ts';
import type { LiveSetting } from './settings-client.ts';

interface ConfigFlags {
  readonly config?: string;
  readonly json: boolean;
}

/** Adds `arqon config print`, `check` and `docs` (CFG-1). */
export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('what the configuration says, and whether it is right');
  const withFile = (command: Command): Command =>
    command.option('--config <file>', 'configuration file, YAML').option('--json', 'print JSON for programs', false);
  const printing = withFile(
    config.command('print').description('show the settings that are given, and where they come from; never a secret'),
  ).option('--effective', 'show all settings: defaults too, and what a running bus was changed to', false);
  addOperatorFlags(printing).action(print);
  withFile(config.command('check').description('tell everything for which a service would not start; exit code 1 then'))
    .addOption(new Option('--mode <mode>').choices(['production', 'development']).default('production'))
    .action(check);
  addChangeCommands(config);
  config.command('docs').description('print the reference of all settings, as Markdown').action(docs);
}

async function print(flags: ConfigFlags & OperatorFlags & { readonly effective: boolean }): Promise<void> {
  const result = readConfig(flags);
  if (!result.ok) return failWith(result.problems, flags.json);
  const changed = flags.effective ? await changedSettings(flags) : new Map<SettingKey, LiveSetting>();
  const keys = (Object.keys(settings) as SettingKey[]).filter(
    (key) => flags.effective || result.sources.get(key) !== 'default',
  );
  const rows = keys.map((key) => {
    const live = changed.get(key);
    const configured = { key, value: shownValue(result.config, key), source: result.sources.get(key) };
    return live === undefined ? configured : { key, value: live.value, source: sourceOf(live) };
  });
  if (flags.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else for (const { key, value, source } of rows) process.stdout.write(`${key} = ${textOf(value)}  (${source})\n`);
}

/** What the bus that flags or environment name was changed to at run time; it stands above every other source (CFG-1). */
async function changedSettings(flags: OperatorFlags): Promise<ReadonlyMap<SettingKey, LiveSetting>> {
  const operator = operatorOf(flags);
  const live = operator === undefined ? [] : await createSettingsClient(operator).list();
  return new Map(live.filter((setting) => setting.changed_at !== undefined).map((setting) => [setting.key, setting]));
}

function sourceOf({ changed_at: at, changed_by: by }: LiveSetting): string {
  return `run time, ${at}${by === undefined || by === '' ? '' : ` by ${by}`}`;
}

function check(flags: ConfigFlags & { readonly mode: RunMode }): void {
  const result = readConfig(flags);
  const problems = result.ok ? preflight(result.config, flags.mode) : result.problems;
  if (problems.length > 0) failWith(problems, flags.json);
  else process.stdout.write(flags.json ? '{"problems":[]}\n' : 'The configuration is sound.\n');
}

function docs(): void {
  process.stdout.write(referencePage());
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
