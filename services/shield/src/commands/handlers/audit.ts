import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { parseTimeArgument } from '../time-argument.ts';

type Item = CommandResult<'op.audit.list'>['items'][number];
type Verified = CommandResult<'op.audit.verify'>;

/** Lists the audit trail of the own tenant. */
export async function listAudit(
  { session, deadlineMs }: CommandCall,
  { since, until, action = '', cursor = '', limit = 0 }: CommandArgs<'op.audit.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.audit.list'>>> {
  const request = {
    tenant: session.tenant,
    sinceMs: BigInt(parseTimeArgument('since', since) ?? 0),
    untilMs: BigInt(parseTimeArgument('until', until) ?? 0),
    action,
    cursor,
    limit,
  };
  const page = await callBrain(spine, 'audit.list', request, deadlineMs);
  return { result: { items: page.items.map(itemOf), ...(page.cursor === '' ? {} : { cursor: page.cursor }) } };
}

/** Checks the chain of the own tenant, part by part: a long one takes longer than one request may. */
export async function verifyAudit(
  { session }: CommandCall,
  _: CommandArgs<'op.audit.verify'>,
  { spine, longReads }: CommandParts,
): Promise<CommandOutcome<Verified>> {
  return longReads.run(session, async () => {
    let checked = 0;
    let compared = 0;
    let cursor = '';
    for (;;) {
      const request = { tenant: session.tenant, cursor };
      const part = await callBrain(spine, 'audit.verify', request, deadlineIn(BRAIN_TIMEOUT_MS));
      checked += part.checked;
      compared += part.compared;
      ({ cursor } = part);
      const end = { checked, compared, last_seq: Number(part.seq), last_hash: part.hash };
      if (part.problem !== '') {
        const problem = part.problem as Exclude<Verified['problem'], undefined>;
        return { result: { ok: false, ...end, first_broken: Number(part.brokenSeq), problem } };
      }
      if (cursor === '') return { result: { ok: true, ...end } };
      if (session.connection === undefined) throw new BusError('UNAVAILABLE');
    }
  });
}

function itemOf(record: AuditRecord): Item {
  const { phase, actor, action, target, before, after, traceId, details, prevHash, hash } = record;
  return {
    seq: Number(record.seq),
    at: formatTime(Number(record.atMs)),
    phase: phase as Item['phase'],
    intent_seq: Number(record.intentSeq),
    actor,
    action,
    target,
    before,
    after,
    trace_id: traceId,
    details,
    prev_hash: prevHash,
    hash,
  };
}
