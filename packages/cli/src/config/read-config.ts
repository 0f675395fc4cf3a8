import { readFileSync } from 'node:fs';
import { parseConfig, problemText } from '@arqonbus/config';
import type { ConfigResult, Problem } from '@arqonbus/config';

/** The configuration of this environment and of the file, if one is named; warnings go to standard error. */
export function readConfig({ config }: { readonly config?: string }): ConfigResult {
  const file = config === undefined ? {} : { file: readFileSync(config, 'utf8') };
  const result = parseConfig({ env: process.env, ...file });
  for (const warning of result.warnings) process.stderr.write(`arqon: ${warning}\n`);
  return result;
}

/** Tells every problem, and has the program end with 1. */
export function failWith(problems: readonly Problem[], asJson: boolean): void {
  process.exitCode = 1;
  if (asJson) process.stdout.write(`${JSON.stringify({ problems })}\n`);
  else for (const problem of problems) process.stderr.write(`arqon: ${problemText(problem)}\n`);
}
