import { BusError } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { listAuditChain, verifyAuditChain } from '@arqonbus/runtime';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { parseTimeArgument } from '../time-argument.ts';

/** Lists the audit trail of the own tenant. */
export async function listAudit(
  { session, deadlineMs }: CommandCall,
  { since, until, action = '', cursor = '', limit = 0 }: CommandArgs<'op.audit.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.audit.list'>>> {
  const filter = {
    sinceMs: parseTimeArgument('since', since) ?? 0,
    untilMs: parseTimeArgument('until', until) ?? 0,
    action,
    cursor,
    limit,
  };
  return { result: await listAuditChain(spine, session.tenant, filter, deadlineMs) };
}

/** Checks the chain of the own tenant. */
export async function verifyAudit(
  { session }: CommandCall,
  _: CommandArgs<'op.audit.verify'>,
  { spine, longReads }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.audit.verify'>>> {
  return longReads.run(session, async () => {
    const result = await verifyAuditChain(spine, session.tenant, () => {
      if (session.connection === undefined) throw new BusError('UNAVAILABLE');
    });
    return { result };
  });
}
