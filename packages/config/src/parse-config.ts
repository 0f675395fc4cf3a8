import { readFileSync } from 'node:fs';
import { DEVELOPMENT_ROOMS } from './bootstrap-rooms.ts';
import type { Config } from './config.ts';
import { toCamelCase, toVariable } from './key-names.ts';
import type { LogProfile, LogRule } from '@arqonbus/protocol';
import { parseValue } from './parse-value.ts';
import type { Problem } from './problem.ts';
import { readEnvironment } from './read-environment.ts';
import { readFileSettings } from './read-file.ts';
import { settings } from './settings.ts';
import type { SettingKey } from './settings.ts';

/** Where settings come from, strongest first: `overrides`, `env`, `file`, defaults (CFG-1). */
export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of the configuration file, YAML. */
  readonly file?: string;
  /** Settings from flags of the command line, by key; texts as in the environment. */
  readonly overrides?: { readonly [K in SettingKey]?: string };
  /** Reads the file that a secret's `…_FILE` variable names; from disk when absent. */
  readonly readFile?: (path: string) => string;
}

/** Where the value of a setting comes from. */
export type SettingSource = 'flag' | 'environment' | 'file' | 'default';

/** A whole configuration, or everything that is wrong with it. Warnings are for the log. */
export type ConfigResult =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly sources: ReadonlyMap<SettingKey, SettingSource>;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly string[] };

/** Reads, validates and completes a configuration. Reports every problem at once and never a secret. */
export function parseConfig(sources: ConfigSources): ConfigResult {
  const environment = readEnvironment(sources.env, sources.readFile ?? ((path) => readFileSync(path, 'utf8')));
  const file = sources.file === undefined ? undefined : readFileSettings(sources.file);
  const overrides = new Map(Object.entries(sources.overrides ?? {})) as ReadonlyMap<SettingKey, string>;
  const problems = [...environment.problems, ...(file?.problems ?? [])];
  const values = new Map<SettingKey, unknown>();
  const given = new Map<SettingKey, SettingSource>();
  for (const key of Object.keys(settings) as SettingKey[]) {
    const source = sourceOf(key, overrides, environment.values, file?.values);
    given.set(key, source);
    if (source === 'default') continue;
    const parsed = parseValue(
      settings[key],
      overrides.get(key) ?? environment.values.get(key) ?? file?.values.get(key),
    );
    if (parsed.ok) values.set(key, parsed.value);
    else problems.push(toProblem(source === 'environment' ? toVariable(key) : key, parsed));
  }
  const config = assemble(values);
  problems.push(...findUnknownProfiles(config.log.profiles, config.log.rules));
  const { warnings } = environment;
  return problems.length === 0 ? { ok: true, config, sources: given, warnings } : { ok: false, problems, warnings };
}

function sourceOf(
  key: SettingKey,
  overrides: ReadonlyMap<SettingKey, unknown>,
  environment: ReadonlyMap<SettingKey, unknown>,
  file: ReadonlyMap<SettingKey, unknown> | undefined,
): SettingSource {
  if (overrides.has(key)) return 'flag';
  if (environment.has(key)) return 'environment';
  return file?.has(key) === true ? 'file' : 'default';
}

function toProblem(key: string, { problem, fix }: { readonly problem: string; readonly fix?: string }): Problem {
  return fix === undefined ? { key, problem } : { key, problem, fix };
}

/** Defaults that differ where `auth.mode` is `development` (CFG-3, DPL-3). */
const developmentDefaults: { readonly [K in SettingKey]?: unknown } = {
  'bootstrap.rooms': DEVELOPMENT_ROOMS,
  'server.drain_timeout_ms': 1_000,
  // Whoever tries webhooks has a receiver on this machine (WHK-4).
  'webhooks.allow_http': true,
  'webhooks.allow_private': ['127.0.0.0/8', '::1'],
  'webhooks.ports': ['*'],
  // It lies in memory there.
  'continuum.stream_max_bytes': 33_554_432,
};

function assemble(values: ReadonlyMap<SettingKey, unknown>): Config {
  const isDevelopment = values.get('auth.mode') === 'development';
  const config: Record<string, Record<string, unknown>> = {};
  for (const key of Object.keys(settings) as SettingKey[]) {
    const [section = '', name = ''] = key.split('.');
    const members = (config[section] ??= {});
    const ownDefault = isDevelopment ? developmentDefaults[key] : undefined;
    members[toCamelCase(name)] = values.get(key) ?? ownDefault ?? settings[key].default;
  }
  // The table that this loop walks is the one that the type is made of.
  return config as unknown as Config;
}

/** A problem for each profile that rules name and that there is not. */
export function findUnknownProfiles(profiles: readonly LogProfile[], rules: readonly LogRule[]): readonly Problem[] {
  const names = new Set(profiles.map((profile) => profile.name));
  const unknown = new Set(rules.map((rule) => rule.profile).filter((name) => !names.has(name)));
  return [...unknown].map((name) => ({
    key: 'log.rules',
    problem: `names the profile ${name}, which does not exist`,
    fix: `use one of ${[...names].join(', ')}`,
  }));
}
