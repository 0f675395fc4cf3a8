import type { Command } from 'commander';
import { parseSpan } from './parse-span.ts';

/** Adds `--wait`: how long to try again while what is asked cannot be reached; as `wait` in its flags, in ms. Default: one try. */
export function addWaitFlag(command: Command): Command {
  return command.option('--wait <span>', 'how long to try again while it cannot be reached: 30s', parseSpan, 0);
}
