import { commandAtEdge } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';
import { onlyOutcome } from './only-outcome.ts';
import type { Operation } from './operation.ts';

/**
 * Runs a command at the edge; `args` is a JSON object. The result is JSON as the edge wrote it: nobody reads pages of history
 * on their way. Throws its refusal.
 */
export async function runCommand(
  { caller, charge, deadlineMs }: Operation,
  command: string,
  args: Uint8Array,
  spine: Spine,
): Promise<Uint8Array> {
  charge(1);
  const messages = [{ envelope: { type: 'command' as const, command, args } }];
  return onlyOutcome(await commandAtEdge(spine, { ...caller, messages }, deadlineMs)).json;
}
