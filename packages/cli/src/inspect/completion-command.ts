import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

/**
 * Adds `arqon completion <shell>`, which prints a script for bash, zsh, fish or PowerShell (CLI-1). Add it last: it knows
 * the commands that are there already.
 */
export function addCompletionCommand(program: Command): void {
  tab(program, { completionCommandName: 'completion' });
}
