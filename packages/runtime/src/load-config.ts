import { readFileSync } from 'node:fs';
import { parseConfig, preflight, problemText } from '@arqonbus/config';
import type { Config, ConfigSources, Problem, RunMode } from '@arqonbus/config';

/** Where a process takes its configuration from. */
export interface LoadConfigOptions {
  readonly mode: RunMode;
  /** Path of a YAML file (`--config`). */
  readonly path?: string | undefined;
  readonly env: ConfigSources['env'];
  readonly overrides?: NonNullable<ConfigSources['overrides']>;
  /** What only this process needs of the configuration. */
  readonly check?: (config: Config) => readonly Problem[];
}

/**
 * The configuration of this process (CFG-1). Writes warnings to standard error; where anything is wrong, writes every
 * problem there and ends the process with 1 (CFG-4).
 */
export function loadConfig({ mode, path, env, overrides, check }: LoadConfigOptions): Config {
  const result = parseConfig({
    env,
    ...(overrides === undefined ? {} : { overrides }),
    ...(path === undefined ? {} : { file: readConfigFile(path) }),
  });
  for (const warning of result.warnings) process.stderr.write(`arqon: ${warning}\n`);
  if (!result.ok) return refuse(result.problems);
  const problems = [...preflight(result.config, mode), ...(check?.(result.config) ?? [])];
  return problems.length > 0 ? refuse(problems) : result.config;
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return refuse([{ key: '--config', problem: `names a file that cannot be read: ${path}` }]);
  }
}

function refuse(problems: readonly Problem[]): never {
  for (const problem of problems) process.stderr.write(`arqon: ${problemText(problem)}\n`);
  process.exit(1);
}
