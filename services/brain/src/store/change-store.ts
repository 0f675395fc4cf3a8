import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import type {
  StoreChangeResultSchema,
  StoreDeleteRequest,
  StoreIncrementRequest,
  StoreSetRequest,
} from '@arqonbus/protocol/spine-messages';
import type { EntryOutcome } from '@arqonbus/storage';
import { parseTenant } from '../requests/parse-request.ts';
import { messageOf } from './entry-message.ts';
import { parseCount, parsePlace, parseValue } from './parse-place.ts';
import { removeExpired } from './remove-expired.ts';
import type { StoreParts } from './store-parts.ts';
import { tellChanges } from './tell-changes.ts';

type ChangeResult = MessageInitShape<typeof StoreChangeResultSchema>;

/** Keeps a value (STO-1). */
export async function setEntry(parts: StoreParts, request: StoreSetRequest): Promise<ChangeResult> {
  const tenant = parseTenant(request.tenant);
  const wish = {
    ...parsePlace(request),
    value: parseValue(request.value),
    ttlMs: request.ttlMs === 0n ? undefined : parseCount(request.ttlMs),
    ifVersion: parseCount(request.ifVersion),
  };
  const outcome = await withinLimits(parts, tenant, () => parts.store.put(tenant, wish, limitsOf(parts)));
  return resultOf(parts, tenant, 'set', outcome);
}

/** Adds to a number. */
export async function incrementEntry(parts: StoreParts, request: StoreIncrementRequest): Promise<ChangeResult> {
  const tenant = parseTenant(request.tenant);
  const wish = { ...parsePlace(request), by: Number(request.by) };
  if (!Number.isSafeInteger(wish.by)) throw new BusError('VALIDATION_ERROR', 'A number is too large.');
  const outcome = await withinLimits(parts, tenant, () => parts.store.increment(tenant, wish, limitsOf(parts)));
  return resultOf(parts, tenant, 'increment', outcome);
}

/** Deletes a value. */
export async function deleteEntry(parts: StoreParts, request: StoreDeleteRequest): Promise<ChangeResult> {
  const tenant = parseTenant(request.tenant);
  const wish = { ...parsePlace(request), ifVersion: parseCount(request.ifVersion) };
  return resultOf(parts, tenant, 'delete', await parts.store.remove(tenant, wish));
}

function limitsOf({ limits }: StoreParts): { readonly keys: number; readonly bytes: number } {
  return { keys: limits.storeKeysPerTenant, bytes: limits.storeBytesPerTenant };
}

/** What has expired counts until it is removed: before a tenant is refused for it, it is. */
async function withinLimits(
  parts: StoreParts,
  tenant: TenantId,
  change: () => Promise<EntryOutcome>,
): Promise<EntryOutcome> {
  try {
    return await change();
  } catch (error) {
    if (!isQuota(error)) throw error;
    if ((await removeExpired(parts, tenant)) === 0) throw refusedFor(parts, error);
  }
  try {
    return await change();
  } catch (error) {
    throw isQuota(error) ? refusedFor(parts, error) : error;
  }
}

function isQuota(error: unknown): error is BusError {
  return error instanceof BusError && error.code === 'QUOTA_EXCEEDED';
}

function refusedFor({ metrics }: StoreParts, error: BusError): BusError {
  metrics?.refused('quota');
  return error;
}

function resultOf(
  parts: StoreParts,
  tenant: TenantId,
  kind: 'set' | 'increment' | 'delete',
  outcome: EntryOutcome,
): ChangeResult {
  switch (outcome.kind) {
    case 'absent':
      return {};
    case 'conflict':
      parts.metrics?.refused('conflict');
      return { conflict: true, version: BigInt(outcome.version) };
    case 'changed':
      parts.metrics?.changed(kind, 1);
      tellChanges(parts, tenant, [outcome.entry]);
      return { entry: messageOf(outcome.entry) };
  }
}
