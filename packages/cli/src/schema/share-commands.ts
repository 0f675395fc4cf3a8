import type { Command } from 'commander';
import { addOperatorFlags, requireOperator } from '../client/operator-client.ts';
import type { OperatorFlags } from '../client/operator-client.ts';
import { readCandidate } from './read-candidate.ts';
import type { CandidateFlags } from './read-candidate.ts';

/** Adds `arqon schema share` and `unshare`: schemas that all tenants may read and bind, by the operator (SCH-1). */
export function addShareCommands(schema: Command, addCandidateFlags: (command: Command) => Command): void {
  const sharing = schema
    .command('share <id> <file>')
    .description('register it for all tenants; with the operator token');
  addOperatorFlags(addCandidateFlags(sharing)).action(share);
  const unsharing = schema.command('unshare <id>').description('delete a schema of all tenants that nobody has bound');
  addOperatorFlags(unsharing).action(unshare);
}

async function share(id: string, file: string, flags: OperatorFlags & CandidateFlags): Promise<void> {
  const answer = await requireOperator(flags)(`/schemas/${encodeURIComponent(id)}`, 'PUT', readCandidate(file, flags));
  process.stdout.write(`${id} is at version ${String(answer['version'])}, for all tenants\n`);
}

async function unshare(id: string, flags: OperatorFlags): Promise<void> {
  const answer = await requireOperator(flags)(`/schemas/${encodeURIComponent(id)}`, 'DELETE');
  process.stdout.write(answer['deleted'] === true ? 'deleted\n' : 'there was none\n');
}
