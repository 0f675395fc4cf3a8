import { isGrantSubject, parseGrant } from '@arqonbus/auth';
import { MAX_TIME_MS, formatTime, parseTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { GrantRecord } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import { traceIdOf } from '../trace-id.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { nextPage } from '../next-page.ts';

type GrantItem = CommandResult<'op.grant.list'>['items'][number];

/** Allows or denies something, in the own tenant (PRM-4). */
export async function putGrant(
  { session, envelope, deadlineMs }: CommandCall,
  { subject, action, pattern, effect, expires_at: expiresAt }: CommandArgs<'op.grant.put'>,
  { spine, clock }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.grant.put'>>> {
  const parsed = parseGrant({ subject, action, pattern, effect });
  if (!parsed.ok) throw invalid([{ field: `args.${parsed.field}`, problem: parsed.problem }]);
  const expiresAtMs = expiresAt === undefined ? 0 : parseExpiry(expiresAt, clock.now());
  const wish = { subject, action, pattern, deny: effect === 'deny', expiresAtMs: BigInt(expiresAtMs) };
  const grantWish = { ...wish, createdBy: session.user };
  const request = { tenant: session.tenant, grant: grantWish, traceId: traceIdOf(envelope) };
  const { grant } = await callBrain(spine, 'grants.put', request, deadlineMs);
  return { result: { grant_id: grant?.grantId ?? '' } };
}

/** Lists grants, of one subject where one is named. */
export async function listGrants(
  { session, deadlineMs }: CommandCall,
  { subject = '', cursor = '', limit = 0 }: CommandArgs<'op.grant.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.grant.list'>>> {
  if (subject !== '' && !isGrantSubject(subject)) {
    throw invalid([{ field: 'args.subject', problem: 'must be user:<id>, role:<role> or capability:<name>' }]);
  }
  const request = { tenant: session.tenant, subject, cursor, limit };
  const page = await callBrain(spine, 'grants.list', request, deadlineMs);
  return { result: { items: page.items.map(itemOf), ...nextPage(page) } };
}

/** Takes a grant back. */
export async function deleteGrant(
  { session, envelope, deadlineMs }: CommandCall,
  { grant_id: grantId }: CommandArgs<'op.grant.delete'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.grant.delete'>>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, grantId, requestedBy, traceId: traceIdOf(envelope) };
  const { deleted } = await callBrain(spine, 'grants.delete', request, deadlineMs);
  return { result: { deleted } };
}

function parseExpiry(text: string, nowMs: number): number {
  const ms = parseTime(text);
  if (ms !== undefined && ms > nowMs && ms <= MAX_TIME_MS) return ms;
  throw invalid([{ field: 'args.expires_at', problem: 'must be a time to come' }]);
}

function itemOf({
  grantId,
  subject,
  action,
  pattern,
  deny,
  expiresAtMs,
  createdBy,
  createdAtMs,
}: GrantRecord): GrantItem {
  return {
    grant_id: grantId,
    subject,
    action,
    pattern,
    effect: deny ? 'deny' : 'allow',
    ...(expiresAtMs === 0n ? {} : { expires_at: formatTime(Number(expiresAtMs)) }),
    created_by: createdBy,
    created_at: formatTime(Number(createdAtMs)),
  };
}
