import { formatTime } from '@arqonbus/protocol';
import type { CommandResult, TenantId } from '@arqonbus/protocol';
import type { AuditRecord } from '@arqonbus/protocol/spine-messages';
import { BRAIN_TIMEOUT_MS, callBrain, deadlineIn } from '@arqonbus/spine';
import type { Spine } from '@arqonbus/spine';

type Item = CommandResult<'op.audit.list'>['items'][number];

/** A page of a chain. */
export type AuditPage = CommandResult<'op.audit.list'>;

/** What became of checking a chain. */
export type AuditVerdict = CommandResult<'op.audit.verify'>;

/** Which records to list; 0 = no bound, and the Brain's own size of a page. */
export interface AuditFilter {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly action: string;
  readonly cursor: string;
  readonly limit: number;
}

/** Lists a chain of the audit trail, the platform's too (AUD-2): who may is for the caller to know. */
export async function listAuditChain(
  spine: Spine,
  tenant: TenantId,
  { sinceMs, untilMs, ...filter }: AuditFilter,
  deadlineMs: number,
): Promise<AuditPage> {
  const request = { tenant, sinceMs: BigInt(sinceMs), untilMs: BigInt(untilMs), ...filter };
  const page = await callBrain(spine, 'audit.list', request, deadlineMs);
  return { items: page.items.map(itemOf), ...(page.cursor === '' ? {} : { cursor: page.cursor }) };
}

/** Checks a chain, part by part: a long one takes longer than one request may. `onPart` may throw to end it. */
export async function verifyAuditChain(spine: Spine, tenant: TenantId, onPart: () => void): Promise<AuditVerdict> {
  let checked = 0;
  let compared = 0;
  let cursor = '';
  for (;;) {
    const part = await callBrain(spine, 'audit.verify', { tenant, cursor }, deadlineIn(BRAIN_TIMEOUT_MS));
    checked += part.checked;
    compared += part.compared;
    ({ cursor } = part);
    const end = { checked, compared, last_seq: Number(part.seq), last_hash: part.hash };
    if (part.problem !== '') {
      const problem = part.problem as Exclude<AuditVerdict['problem'], undefined>;
      return { ok: false, ...end, first_broken: Number(part.brokenSeq), problem };
    }
    if (cursor === '') return { ok: true, ...end };
    onPart();
  }
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
