import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Adds `--timeout`, which every command that asks something running takes (CLI-2); as `timeout` in its flags, in ms. */
export function addTimeoutFlag(command: Command): Command {
  return command.option('--timeout <ms>', 'how long one answer may take', parseTimeout, DEFAULT_TIMEOUT_MS);
}

function parseTimeout(text: string): number {
  const ms = Number(text);
  if (!/^\d{1,7}$/.test(text) || ms < 1) throw new InvalidArgumentError('a timeout is a number of milliseconds.');
  return ms;
}
