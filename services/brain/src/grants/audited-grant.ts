import { formatTime } from '@arqonbus/protocol';
import { GrantRecordSchema, toBinary } from '@arqonbus/protocol/spine-messages';
import type { StoredGrant } from '@arqonbus/storage';
import { digestOf } from '../audit/audit-record.ts';
import { recordOf } from './grant-record.ts';

/** The digest of a grant as it is kept; '' = there is none. */
export function digestOfGrant(grant: StoredGrant | undefined): string {
  return digestOf(grant === undefined ? undefined : toBinary(GrantRecordSchema, recordOf(grant)));
}

/** What the trail tells of a grant in words. */
export function detailsOf({ subject, action, pattern, effect, expiresAtMs }: StoredGrant): Record<string, string> {
  const expiry = expiresAtMs === undefined ? {} : { expires_at: formatTime(expiresAtMs) };
  return { subject, grants: action, pattern, effect, ...expiry };
}
