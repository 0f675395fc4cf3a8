import { compilePattern, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { traceIdOf } from '../trace-id.ts';
import { nextPage } from '../next-page.ts';

/** Lets a share of the tenant's events be copied (MIR-1). */
export async function putMirror(
  { session, envelope, deadlineMs }: CommandCall,
  { pattern, percent }: CommandArgs<'op.mirror.put'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.mirror.put'>>> {
  if (compilePattern(pattern) === undefined) {
    throw invalid([{ field: 'args.pattern', problem: 'must be a room:channel glob' }]);
  }
  const { tenant, user: requestedBy } = session;
  const request = { tenant, pattern, percent, requestedBy, traceId: traceIdOf(envelope) };
  const { ruleId } = await callBrain(spine, 'mirrors.put', request, deadlineMs);
  return { result: { rule_id: ruleId } };
}

/** Lists the rules of the tenant. */
export async function listMirrors(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.mirror.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.mirror.list'>>> {
  const page = await callBrain(spine, 'mirrors.list', { tenant: session.tenant, cursor, limit }, deadlineMs);
  const items = page.items.map(({ ruleId, pattern, percent, createdBy, createdAtMs }) => ({
    rule_id: ruleId,
    pattern,
    percent,
    created_by: createdBy,
    created_at: formatTime(Number(createdAtMs)),
  }));
  return { result: { items, ...nextPage(page) } };
}

/** Takes a rule away. */
export async function deleteMirror(
  { session, envelope, deadlineMs }: CommandCall,
  { rule_id: ruleId }: CommandArgs<'op.mirror.delete'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.mirror.delete'>>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, ruleId, requestedBy, traceId: traceIdOf(envelope) };
  const { deleted } = await callBrain(spine, 'mirrors.delete', request, deadlineMs);
  return { result: { deleted } };
}
