import type { Grant } from '@arqonbus/auth';
import { ACTIONS } from '@arqonbus/auth';
import { compilePattern } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { GrantSetRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { GrantRecord } from '@arqonbus/protocol/spine-messages';
import { parseGrantKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';

/** The grants of all tenants, as the key-value bucket tells them (PRM-3). Asking costs no request. */
export interface GrantSets {
  /** The grants of one subject, those that are over included. */
  of(tenant: TenantId, subject: string): readonly Grant[];
  /** Resolves when the grants that exist are known; nobody is let in before (SPN-6). */
  readonly ready: Promise<void>;
  /** False while grants may have changed that are not known yet: from a loss of the Spine until all have been read again. */
  isCurrent(): boolean;
  /** How many grants are known. */
  count(): number;
  /** Tenants one of whose grants ended after `fromMs` and not after `toMs`. */
  tenantsWithEnds(fromMs: number, toMs: number): readonly TenantId[];
  stop(): void;
}

interface KnownSet {
  readonly version: bigint;
  readonly revision: number;
  readonly grants: readonly Grant[];
}

const NONE: readonly Grant[] = [];

/** Watches the bucket; `onChange` hears of every tenant whose grants have changed. */
export function createGrantSets(bucket: KeyValue, onChange: (tenant: TenantId) => void): GrantSets {
  const tenants = new Map<TenantId, Map<string, KnownSet>>();
  const apply = ({ key, value, revision }: KeyValueChange): void => {
    const place = parseGrantKey(key);
    if (place === undefined) return;
    const { tenant, subject } = place;
    const sets = tenants.get(tenant) ?? new Map<string, KnownSet>();
    tenants.set(tenant, sets);
    const set = value === undefined ? { version: 0n, grants: NONE } : decodeSet(value, subject);
    const known = sets.get(subject);
    // After a loss of the Spine all of them are told again.
    if (known?.revision === revision && known.version === set.version) return;
    if (set.grants.length > 0) sets.set(subject, { ...set, revision });
    else if (!sets.delete(subject)) return;
    onChange(tenant);
  };
  const watch = bucket.watch('', apply);
  return {
    of: (tenant, subject) => tenants.get(tenant)?.get(subject)?.grants ?? NONE,
    ready: watch.ready,
    isCurrent: () => watch.isCurrent(),
    count: () => {
      let count = 0;
      for (const sets of tenants.values()) for (const { grants } of sets.values()) count += grants.length;
      return count;
    },
    tenantsWithEnds: (fromMs, toMs) => {
      const ends = ({ expiresAtMs }: Grant): boolean =>
        expiresAtMs !== undefined && expiresAtMs > fromMs && expiresAtMs <= toMs;
      return [...tenants]
        .filter(([, sets]) => [...sets.values()].some(({ grants }) => grants.some(ends)))
        .map(([name]) => name);
    },
    stop: () => watch.stop(),
  };
}

/** A set that cannot be read may hold a denial: it denies everything (PRD-6). */
function decodeSet(value: Uint8Array, subject: string): Omit<KnownSet, 'revision'> {
  const record = readMessage(GrantSetRecordSchema, value);
  const grants = record?.grants.map((grant) => grantOf(grant, subject));
  const version = record?.version ?? 0n;
  if (grants?.every((grant) => grant !== undefined) === true) return { version, grants };
  return { version, grants: [{ subject, action: '*', pattern: '*', effect: 'deny', expiresAtMs: undefined }] };
}

function grantOf({ action: name, pattern, deny, expiresAtMs }: GrantRecord, subject: string): Grant | undefined {
  const action = [...ACTIONS, '*' as const].find((known) => known === name);
  if (action === undefined || compilePattern(pattern) === undefined) return undefined;
  return {
    subject,
    action,
    pattern,
    effect: deny ? 'deny' : 'allow',
    expiresAtMs: expiresAtMs === 0n ? undefined : Number(expiresAtMs),
  };
}
