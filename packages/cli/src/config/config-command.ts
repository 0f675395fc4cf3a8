import { preflight, referencePage, settings, shownValue } from '@arqonbus/config';
import type { RunMode, SettingKey } from '@arqonbus/config';
import { Option } from 'commander';
import type { Command } from 'commander';
import { failWith, readConfig } from './read-config.ts';

interface ConfigFlags {
  readonly config?: string;
  readonly json: boolean;
}

/** Adds `arqon config print`, `check` and `docs` (CFG-1). */
export function addConfigCommand(program: Command): void {
  const config = program.command('config').description('what the configuration says, and whether it is right');
  const withFile = (command: Command): Command =>
    command.option('--config <file>', 'configuration file, YAML').option('--json', 'print JSON for programs', false);
  withFile(
    config.command('print').description('show the settings that are given, and where they come from; never a secret'),
  )
    .option('--effective', 'show all settings, defaults too', false)
    .action(print);
  withFile(config.command('check').description('tell everything for which a service would not start; exit code 1 then'))
    .addOption(new Option('--mode <mode>').choices(['production', 'development']).default('production'))
    .action(check);
  config.command('docs').description('print the reference of all settings, as Markdown').action(docs);
}

function print(flags: ConfigFlags & { readonly effective: boolean }): void {
  const result = readConfig(flags);
  if (!result.ok) return failWith(result.problems, flags.json);
  const keys = (Object.keys(settings) as SettingKey[]).filter(
    (key) => flags.effective || result.sources.get(key) !== 'default',
  );
  const rows = keys.map((key) => ({ key, value: shownValue(result.config, key), source: result.sources.get(key) }));
  if (flags.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else for (const { key, value, source } of rows) process.stdout.write(`${key} = ${textOf(value)}  (${source})\n`);
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
