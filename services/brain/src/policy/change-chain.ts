import { BusError } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { PolicyChainRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { PolicyChainRecord } from '@arqonbus/protocol/spine-messages';
import { policyChainKey } from '@arqonbus/spine';
import { digestOf } from '../audit/audit-record.ts';
import { parseRequester, parseTenant, parseTraceId } from '../requests/parse-request.ts';
import { outcomeOfTry, replaceEntry } from '../requests/replace-entry.ts';
import type { PolicyParts } from './policy-parts.ts';

/** Who changes what. */
export interface PolicyChange {
  readonly action: string;
  readonly tenant: TenantId;
  readonly actor: string;
  readonly traceId: string;
  /** The module. */
  readonly name: string;
}

/** What a request says of itself. */
export interface ChangeRequest {
  readonly tenant: string;
  readonly name: string;
  readonly requestedBy: string;
  readonly traceId: string;
}

/** Reads it; throws `VALIDATION_ERROR`. */
export function parseChange(action: string, request: ChangeRequest): PolicyChange {
  return {
    action,
    tenant: parseTenant(request.tenant),
    actor: parseRequester(request.requestedBy),
    traceId: parseTraceId(request.traceId),
    name: parsePolicyName(request.name),
  };
}

/** The name of a module. */
export function parsePolicyName(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)) return name;
  throw new BusError('VALIDATION_ERROR', 'The name of a policy must be lower case letters, digits, - and _.');
}

/** What a change makes of the policies of a tenant. */
export interface ChainEdit<T> {
  /** The new record; undefined = there is nothing to change. */
  readonly record: PolicyChainRecord | undefined;
  readonly result: T;
  readonly details?: Readonly<Record<string, string | number>>;
  /** Done between intent and outcome, before the record is written. */
  readonly prepare?: () => Promise<void>;
}

/**
 * Changes the policies of a tenant in one step, audited with digests (AUD-1). Everybody reads the record before or after
 * it, never half of it. Gives the result and the revision; 0 = nothing was changed.
 */
export function changeChain<T>(
  { bucket, audit, logger, now }: PolicyParts,
  change: PolicyChange,
  edit: (record: PolicyChainRecord) => ChainEdit<T>,
): Promise<{ readonly result: T; readonly revision: number }> {
  const { tenant, actor, action, traceId, name } = change;
  const key = policyChainKey(tenant);
  return replaceEntry(bucket, key, async ({ known, put }) => {
    const { record, result, details = {}, prepare } = edit(readChain(known?.value));
    if (record === undefined) return { result, revision: 0 };
    record.dryRuns = record.dryRuns.filter(({ untilMs }) => Number(untilMs) > now());
    const value = toBinary(PolicyChainRecordSchema, record);
    const audited = { tenant, actor, action, traceId, target: `policy:${name}`, details };
    const digests = { before: digestOf(known?.value), after: digestOf(value) };
    const act = async (): Promise<number | undefined> => {
      await prepare?.();
      return put(value);
    };
    const revision = await audit.run({ ...audited, ...digests }, act, outcomeOfTry(digests.before));
    if (revision === undefined) return undefined;
    logger?.info({ event: 'policy_changed', tenant, action, policy: name, changed_by: actor }, 'a policy is changed');
    return { result, revision };
  });
}

/** What is stored for a tenant. One that cannot be read is not written over: that would take policies out of force. */
export function readChain(value: Uint8Array | undefined): PolicyChainRecord {
  if (value === undefined) return create(PolicyChainRecordSchema);
  try {
    return fromBinary(PolicyChainRecordSchema, value);
  } catch (cause) {
    throw new BusError('UNAVAILABLE', 'The policies of the tenant cannot be read.', { cause });
  }
}
