import { formatTime, parseTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { ApiKeyRecord } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { traceIdOf } from '../trace-id.ts';
import { nextPage } from '../next-page.ts';

type KeyItem = CommandResult<'op.key.list'>['items'][number];

const DAY_MS = 86_400_000;

/** Makes a key for a server (BRG-1). */
export async function createKey(
  { session, envelope, deadlineMs }: CommandCall,
  { name, role = 'guest', permissions = [], expires_at: expiresAt }: CommandArgs<'op.key.create'>,
  { spine, clock }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.key.create'>>> {
  const expiresAtMs = expiresAt === undefined ? 0 : (parseTime(expiresAt) ?? 0);
  if (expiresAt !== undefined && expiresAtMs <= clock.now()) {
    throw invalid([{ field: 'args.expires_at', problem: 'must be a time to come' }]);
  }
  const { tenant, user: requestedBy } = session;
  const wish = { name, role, permissions: [...permissions], expiresAtMs: BigInt(expiresAtMs) };
  const request = { tenant, ...wish, requestedBy, traceId: traceIdOf(envelope) };
  const { record, key } = await callBrain(spine, 'keys.create', request, deadlineMs);
  return { result: { key_id: record?.keyId ?? '', key } };
}

/** Lists the keys of the tenant. */
export async function listKeys(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.key.list'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.key.list'>>> {
  const page = await callBrain(spine, 'keys.list', { tenant: session.tenant, cursor, limit }, deadlineMs);
  return { result: { items: page.items.map(itemOf), ...nextPage(page) } };
}

/** Makes a new key of the same id. */
export async function rotateKey(
  { session, envelope, deadlineMs }: CommandCall,
  { key_id: keyId, overlap_ms: overlapMs = DAY_MS }: CommandArgs<'op.key.rotate'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.key.rotate'>>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, keyId, overlapMs: BigInt(overlapMs), requestedBy, traceId: traceIdOf(envelope) };
  const { record, key } = await callBrain(spine, 'keys.rotate', request, deadlineMs);
  return { result: { key_id: keyId, key, previous_until: formatTime(Number(record?.previousUntilMs ?? 0n)) } };
}

/** Takes a key away. */
export async function revokeKey(
  { session, envelope, deadlineMs }: CommandCall,
  { key_id: keyId }: CommandArgs<'op.key.revoke'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.key.revoke'>>> {
  const { tenant, user: requestedBy } = session;
  const request = { tenant, keyId, requestedBy, traceId: traceIdOf(envelope) };
  const { revoked } = await callBrain(spine, 'keys.revoke', request, deadlineMs);
  return { result: { revoked } };
}

function itemOf(record: ApiKeyRecord): KeyItem {
  const { keyId, name, role, permissions, createdBy, createdAtMs, expiresAtMs, previousUntilMs, lastUsedAtMs } = record;
  const times = { expires_at: expiresAtMs, previous_until: previousUntilMs, last_used_at: lastUsedAtMs };
  const known = Object.entries(times).filter(([, ms]) => ms > 0n);
  return {
    key_id: keyId,
    name,
    role,
    permissions: permissions.map(({ action, pattern, effect }) => ({
      action,
      pattern,
      effect: effect === 'deny' ? 'deny' : 'allow',
    })),
    created_by: createdBy,
    created_at: formatTime(Number(createdAtMs)),
    ...Object.fromEntries(known.map(([field, ms]) => [field, formatTime(Number(ms))])),
  };
}
