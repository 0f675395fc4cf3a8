import { BusError, SYSTEM_TENANT } from '@arqonbus/protocol';
import type {
  BeginReplayRequest,
  EndReplayRequest,
  TellRefusalsRequest,
  VerifyAuditRequest,
  VerifyAuditResult,
} from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, Spine, SpineSubscription } from '@arqonbus/spine';
import {
  parseChannelOrRoom,
  parseRoom,
  parseTenant,
  parseTenantOrSystem,
  parseText,
  parseTraceId,
  parseUser,
} from '../requests/parse-request.ts';
import type { Audit, GovernanceAction } from './audit.ts';
import { listAudit } from './list-audit.ts';
import type { ListAuditParts } from './list-audit.ts';
import { createReplayAllowance } from './replay-allowance.ts';
import type { ReplayAllowance } from './replay-allowance.ts';
import { verifyPart } from './verify-chain.ts';
import type { VerifyParts } from './verify-chain.ts';

/** What the audit module serves. */
export interface AuditParts extends VerifyParts, ListAuditParts {
  readonly spine: Spine;
  readonly audit: Audit;
  readonly clock: { monotonicMs(): number };
}

const MAX_WINDOW_LENGTH = 1_024;
const MAX_HASH_LENGTH = 128;
const MAX_REASONS = 64;
const MAX_SAFE_COUNT = 9_007_199_254_740_991n;

/**
 * Serves `audit.list` and `verify`, and takes what Shields have to tell: replays, which they carry out, and refused tokens,
 * which they see alone (AUD-1, AUD-3). Any Brain answers.
 */
export function serveAudit(parts: AuditParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine, audit, clock } = parts;
  const allowance = createReplayAllowance(() => clock.monotonicMs());
  return [
    serveBrain(spine, 'audit.list', (request) => listAudit(parts, request), observer),
    serveBrain(spine, 'audit.verify', (request) => verify(parts, request), observer),
    serveBrain(spine, 'audit.begin_replay', (request) => beginReplay(audit, allowance, request), observer),
    serveBrain(spine, 'audit.end_replay', (request) => endReplay(audit, request), observer),
    serveBrain(spine, 'audit.refusals', (request) => tellRefusals(audit, request), observer),
  ];
}

async function verify(
  parts: VerifyParts,
  request: VerifyAuditRequest,
): Promise<Pick<VerifyAuditResult, 'checked' | 'compared' | 'cursor' | 'seq' | 'hash' | 'brokenSeq' | 'problem'>> {
  const tenant = parseTenantOrSystem(request.tenant);
  const { checked, compared, cursor, end, broken } = await verifyPart(parts, tenant, request.cursor);
  return {
    checked,
    compared,
    cursor,
    seq: BigInt(end.seq),
    hash: end.hash,
    brokenSeq: BigInt(broken?.seq ?? 0),
    problem: broken?.problem ?? '',
  };
}

async function beginReplay(
  audit: Audit,
  allowance: ReplayAllowance,
  request: BeginReplayRequest,
): Promise<{ readonly intentSeq: bigint }> {
  const window = parseText(request.window, MAX_WINDOW_LENGTH, 'window');
  allowance.take(parseTenant(request.tenant));
  return { intentSeq: BigInt(await audit.begin({ ...replayOf(request), details: { window } })) };
}

async function endReplay(audit: Audit, request: EndReplayRequest): Promise<object> {
  const { errorCode, intentSeq } = request;
  const hash = parseText(request.hash, MAX_HASH_LENGTH, 'hash');
  if (intentSeq > MAX_SAFE_COUNT || request.count > MAX_SAFE_COUNT) throw new BusError('VALIDATION_ERROR');
  const details =
    errorCode === '' ? { count: Number(request.count), hash } : { code: parseText(errorCode, 64, 'code') };
  await audit.end({ ...replayOf(request), details }, errorCode === '' ? 'done' : 'failed', Number(intentSeq));
  return {};
}

function replayOf(request: BeginReplayRequest | EndReplayRequest): GovernanceAction {
  return {
    tenant: parseTenant(request.tenant),
    actor: `user:${parseUser(request.requestedBy)}`,
    action: 'op.history.replay',
    target: `channel:${parseRoom(request.room)}:${parseChannelOrRoom(request.channel)}`,
    traceId: parseTraceId(request.traceId),
  };
}

/** One record a reason: whoever sends a million bad tokens makes no million records. */
async function tellRefusals(audit: Audit, { node, sinceMs, refusals }: TellRefusalsRequest): Promise<object> {
  if (refusals.length > MAX_REASONS) throw new BusError('VALIDATION_ERROR', 'Too many reasons.');
  for (const { reason, count } of refusals) {
    if (!/^[a-z][a-z_]{0,63}$/.test(reason) || count > MAX_SAFE_COUNT) throw new BusError('VALIDATION_ERROR');
    const details = { count: Number(count), node: parseText(node, 64, 'node'), since_ms: Number(sinceMs) };
    await audit.note({
      tenant: SYSTEM_TENANT,
      actor: 'system',
      action: 'auth.refused',
      target: `reason:${reason}`,
      details,
    });
  }
  return {};
}
