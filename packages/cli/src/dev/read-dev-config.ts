import { readFileSync } from 'node:fs';
import { parseConfig, preflight } from '@arqonbus/config';
import type { Config, Problem } from '@arqonbus/config';
import type { DevOptions } from './run-dev.ts';

/** A laptop's clients are gone in a moment (DPL-3). */
const DRAIN_TIMEOUT_MS = '1000';

/** The configuration of a development bus: environment and file as everywhere, with development's own defaults. Ends the process with every problem when it is wrong. */
export function readDevConfig(options: DevOptions, secret: string): Config {
  const result = parseConfig({
    env: { ARQONBUS_SERVER_DRAIN_TIMEOUT_MS: DRAIN_TIMEOUT_MS, ...process.env },
    overrides: { 'auth.mode': 'development', 'auth.jwt_secret': secret, ...portOverrides(options.port) },
    ...(options.config === undefined ? {} : { file: readFileSync(options.config, 'utf8') }),
  });
  for (const warning of result.warnings) process.stderr.write(`arqon: ${warning}\n`);
  const problems = result.ok ? preflight(result.config, 'development') : result.problems;
  if (!result.ok || problems.length > 0) return refuse(problems);
  return result.config;
}

/** `--port 0` asks for free ports everywhere, so that several buses run side by side (ARC-11). */
function portOverrides(port: number | undefined): Record<string, string> {
  if (port === undefined) return {};
  const rest = port === 0 ? { 'http.port': '0', 'telemetry.port': '0' } : {};
  return { 'server.port': String(port), ...rest };
}

function refuse(problems: readonly Problem[]): never {
  for (const { key, problem, fix } of problems) {
    process.stderr.write(`arqon: ${key} ${problem}${fix === undefined ? '' : ` (${fix})`}\n`);
  }
  process.exit(1);
}
