import { readFileSync } from 'node:fs';
import { parseConfig, preflight, problemText, referencePage, settings, shownValue } from '@arqonbus/config';
import type { ConfigResult, Problem, RunMode, SettingKey } from '@arqonbus/config';
import { Option } from 'commander';
import type { Command } from 'commander';

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
  const result = read(flags);
  if (!result.ok) return fail(result.problems, flags.json);
  const keys = (Object.keys(settings) as SettingKey[]).filter(
    (key) => flags.effective || result.sources.get(key) !== 'default',
  );
  const rows = keys.map((key) => ({ key, value: shownValue(result.config, key), source: result.sources.get(key) }));
  if (flags.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
  else for (const { key, value, source } of rows) process.stdout.write(`${key} = ${textOf(value)}  (${source})\n`);
}

function check(flags: ConfigFlags & { readonly mode: RunMode }): void {
  const result = read(flags);
  const problems = result.ok ? preflight(result.config, flags.mode) : result.problems;
  if (problems.length > 0) fail(problems, flags.json);
  else process.stdout.write(flags.json ? '{"problems":[]}\n' : 'The configuration is sound.\n');
}

function docs(): void {
  process.stdout.write(referencePage());
}

function read({ config }: ConfigFlags): ConfigResult {
  const file = config === undefined ? {} : { file: readFileSync(config, 'utf8') };
  const result = parseConfig({ env: process.env, ...file });
  for (const warning of result.warnings) process.stderr.write(`arqon: ${warning}\n`);
  return result;
}

function fail(problems: readonly Problem[], asJson: boolean): void {
  process.exitCode = 1;
  if (asJson) process.stdout.write(`${JSON.stringify({ problems })}\n`);
  else for (const problem of problems) process.stderr.write(`arqon: ${problemText(problem)}\n`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
