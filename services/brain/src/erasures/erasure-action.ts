import { formatTime } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type { ErasureRecord } from '@arqonbus/protocol/spine-messages';
import type { GovernanceAction } from '../audit/audit.ts';
import { parseRequester } from '../requests/parse-request.ts';
import type { ErasedCounts } from './erase-copies.ts';
import { filterOf } from './erasure-records.ts';

/** An erasure as the audit trail tells it: what was asked for and how much it was, nothing of what it held (AUD-1). */
export function actionOf(
  tenant: TenantId,
  { what, requestedBy, traceId }: Pick<ErasureRecord, 'what' | 'requestedBy' | 'traceId'>,
  counts?: Readonly<ErasedCounts>,
): GovernanceAction {
  const { room, channel, user, beforeMs } = filterOf(what);
  return {
    tenant,
    actor: parseRequester(requestedBy),
    action: 'op.history.erase',
    target: targetOf(room, channel),
    traceId,
    details: {
      ...(user === undefined ? {} : { user }),
      ...(beforeMs === undefined ? {} : { before: formatTime(beforeMs) }),
      ...(counts === undefined ? {} : { erased: counts.erased, archive_erased: counts.archiveErased }),
    },
  };
}

function targetOf(room: string | undefined, channel: string | undefined): string {
  if (channel !== undefined) return `channel:${room ?? '*'}:${channel}`;
  return room === undefined ? 'tenant' : `room:${room}`;
}
