import { policyOf, wat } from '@arqonbus/policy/testing';
import type { TenantId } from '@arqonbus/protocol';
import { PolicyChainRecordSchema, create, fromBinary, toBinary } from '@arqonbus/protocol/spine-messages';
import type { PolicyChainRecord } from '@arqonbus/protocol/spine-messages';
import {
  callBrain,
  createLocalSpine,
  createMemoryKeyValueStore,
  deadlineIn,
  policyChainKey,
  policyModuleKey,
} from '@arqonbus/spine';
import type { BrainResult, KeyValue } from '@arqonbus/spine';
import { createAuditRig } from '../audit/audit-rig.ts';
import type { AuditRig } from '../audit/audit-rig.ts';
import { servePolicies } from './index.ts';

/** For tests: a Brain's policies in memory, asked as a Shield asks. */
export interface PolicyRig {
  readonly audited: AuditRig;
  readonly bucket: KeyValue;
  readonly lines: object[];
  readonly clock: { nowMs: number };
  put(name: string, wasm?: Uint8Array, more?: PutMore): Promise<BrainResult<'policy.put'>>;
  bind(name: string, pattern: string, more?: BindMore): Promise<BrainResult<'policy.bind'>>;
  unbind(name: string, pattern?: string, tenant?: string): Promise<number>;
  remove(name: string, version?: number, tenant?: string): Promise<number>;
  dryRun(name: string, version: number, minutes: number): Promise<bigint>;
  /** What is stored. */
  record(tenant?: string): Promise<PolicyChainRecord>;
  /** Digests of the binaries that are stored. */
  binaries(tenant?: string): Promise<readonly string[]>;
}

interface PutMore {
  readonly tenant?: string;
  readonly fuel?: number;
  readonly memoryBytes?: number;
}

interface BindMore {
  readonly tenant?: string;
  readonly version?: number;
  readonly order?: number;
}

/** For tests: a policy that lets everything pass; another number is another binary. */
export function allowing(number = 0): Uint8Array {
  return wat(policyOf(`(drop (i32.const ${number})) (i32.const 0)`));
}

/** For tests: a Brain's policies over `wrap` of a bucket in memory. */
export function startPolicies(wrap: (bucket: KeyValue) => KeyValue = (bucket) => bucket): PolicyRig {
  const spine = createLocalSpine();
  const bucket = createMemoryKeyValueStore().bucket('ARQON_POLICIES');
  const observer = { onAnswered: () => undefined, onMalformed: () => undefined, onFailure: () => undefined };
  const audited = createAuditRig();
  const lines: object[] = [];
  const clock = { nowMs: 1_000 };
  const logger = { info: (fields: object) => void lines.push(fields) };
  const parts = { spine, bucket: wrap(bucket), now: () => clock.nowMs, audit: audited.audit, logger };
  servePolicies(parts, observer);
  const who = { requestedBy: 'root', traceId: '' };
  const soon = (): number => deadlineIn(2_000);
  return {
    audited,
    bucket,
    lines,
    clock,
    put: (name, wasm = allowing(), { tenant = 'acme', fuel = 0, memoryBytes = 0 } = {}) =>
      callBrain(spine, 'policy.put', { tenant, name, wasm, fuel, memoryBytes, ...who }, soon()),
    bind: (name, pattern, { tenant = 'acme', version = 0, order = 0 } = {}) =>
      callBrain(spine, 'policy.bind', { tenant, binding: { name, pattern, version, order }, ...who }, soon()),
    unbind: async (name, pattern = '', tenant = 'acme') =>
      (await callBrain(spine, 'policy.unbind', { tenant, name, pattern, ...who }, soon())).unbound,
    remove: async (name, version = 0, tenant = 'acme') =>
      (await callBrain(spine, 'policy.delete', { tenant, name, version, ...who }, soon())).deleted,
    dryRun: async (name, version, minutes) =>
      (await callBrain(spine, 'policy.dry_run', { tenant: 'acme', name, version, minutes, ...who }, soon())).untilMs,
    record: async (tenant = 'acme') => {
      const stored = await bucket.get(policyChainKey(tenant as TenantId));
      return stored === undefined ? create(PolicyChainRecordSchema) : fromBinary(PolicyChainRecordSchema, stored.value);
    },
    binaries: async (tenant = 'acme') => {
      const prefix = policyModuleKey(tenant as TenantId, '0').slice(0, -1);
      return (await bucket.list(prefix)).map(({ key }) => key.slice(prefix.length));
    },
  };
}

/** For tests: writes a record as no command would. */
export async function storeRecord({ bucket }: PolicyRig, record: PolicyChainRecord): Promise<void> {
  await bucket.create(policyChainKey('acme' as TenantId), toBinary(PolicyChainRecordSchema, record));
}

/** For tests: a bucket that others always write faster to, as soon as `isLost`. */
export function contested(isLost: () => boolean): (bucket: KeyValue) => KeyValue {
  return (bucket) => {
    const write = async <T>(key: string, act: () => Promise<T>): Promise<T> => {
      const known = key.startsWith('chain.') && isLost() ? await bucket.get(key) : undefined;
      if (known !== undefined) await bucket.update(key, known.value, known.revision);
      return act();
    };
    return {
      get: (key) => bucket.get(key),
      list: (prefix) => bucket.list(prefix),
      watch: (prefix, onChange) => bucket.watch(prefix, onChange),
      delete: (key, revision) => bucket.delete(key, revision),
      create: (key, value) => write(key, () => bucket.create(key, value)),
      update: (key, value, revision) => write(key, () => bucket.update(key, value, revision)),
    };
  };
}
