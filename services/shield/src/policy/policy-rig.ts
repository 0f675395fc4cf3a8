import { createHash } from 'node:crypto';
import { judge } from '@arqonbus/policy';
import type { PolicyChain } from '@arqonbus/policy';
import { createTestMessage } from '@arqonbus/policy/testing';
import { DEFAULT_LIMITS } from '@arqonbus/protocol';
import type { TenantId } from '@arqonbus/protocol';
import { PolicyChainRecordSchema, create, toBinary } from '@arqonbus/protocol/spine-messages';
import { createMemoryKeyValueStore, policyChainKey, policyModuleKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';
import { createLogger } from '@arqonbus/telemetry';
import { createPolicyChains } from './policy-chains.ts';
import type { PolicyChains } from './policy-chains.ts';
import { createPolicyGuard } from './policy-guard.ts';
import type { PolicyGuard } from './policy-guard.ts';
import { createPolicyLoader } from './policy-loader.ts';
import type { PolicyLoader } from './policy-loader.ts';

const acme = 'acme' as TenantId;

/** For tests: a version of a policy; the number is its place among those of its name. */
export interface TestVersion {
  readonly name: string;
  readonly version: number;
  readonly wasm: Uint8Array;
  readonly fuel?: number;
}

/** For tests: where a version judges. */
export interface TestBinding {
  readonly name: string;
  readonly version: number;
  readonly pattern: string;
  readonly order?: number;
}

/** For tests: a version that is tried. */
export interface TestRun {
  readonly name: string;
  readonly version: number;
  readonly untilMs: bigint;
}

/** For tests: the policies of a Shield over a bucket in memory, whose reads and watch a test holds in its hands. */
export interface PolicyRig {
  readonly bucket: KeyValue;
  readonly clock: { nowMs: number };
  readonly lines: readonly object[];
  readonly chains: PolicyChains;
  readonly loader: PolicyLoader;
  /** Tells the watch that all there was at the start has been told. Resolves when the policies are ready. */
  begin(): Promise<void>;
  /** Awaited before a binary is read; rejects where it cannot be. */
  onRead: (key: string) => Promise<void>;
  /** Of each wait before a binary is fetched again. */
  readonly pausesMs: readonly number[];
  /** While false, changes may have been missed, as after a loss of the Spine. */
  isCurrent: boolean;
  refused(): number;
  /** Policies that were suspended, one after the other. */
  readonly suspended: readonly string[];
  told(): number;
  /** Tells the watch a record of this tenant. */
  tell(value: Uint8Array | undefined, revision: number): void;
  storeBinary(version: TestVersion): Promise<void>;
  /** What is said of a message by the policies of this tenant. */
  judge(payload: string, tenant?: string): string;
}

/** For tests: policies with nothing bound. */
export function startPolicies(): PolicyRig {
  const bucket = createMemoryKeyValueStore().bucket('ARQON_POLICIES');
  let onChange: ((change: KeyValueChange) => void) | undefined;
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const counts = { refused: 0, told: 0 };
  const lines: object[] = [];
  const pausesMs: number[] = [];
  const clock = { nowMs: 1_000 };
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as object) };
  const logger = createLogger({ level: 'info', destination });
  const refused = { inc: () => void (counts.refused += 1) };
  const get: KeyValue['get'] = async (key) => {
    await rig.onRead(key);
    return bucket.get(key);
  };
  const watch: KeyValue['watch'] = (_, listener) => {
    onChange = listener;
    return { ready: begun, isCurrent: () => rig.isCurrent, stop: () => undefined };
  };
  const pause = async (ms: number): Promise<void> => void pausesMs.push(ms);
  const loader = createPolicyLoader({ bucket: { get }, logger, refused });
  const suspended: string[] = [];
  const createGuard = (): PolicyGuard =>
    createPolicyGuard({
      monotonicMs: () => clock.nowMs,
      limits: DEFAULT_LIMITS,
      onSuspended: ({ name, version }) => void suspended.push(`${name} ${version}`),
    });
  const options = { createGuard, loader, logger, refused, pause, now: () => clock.nowMs };
  const rig: PolicyRig = {
    bucket,
    clock,
    lines,
    chains: createPolicyChains({ ...options, bucket: watched(bucket, watch) }),
    begin: () => {
      begin();
      return rig.chains.ready;
    },
    loader,
    onRead: async () => undefined,
    pausesMs,
    isCurrent: true,
    refused: () => counts.refused,
    suspended,
    told: () => counts.told,
    tell: (value, revision) => onChange?.({ key: policyChainKey(acme), value, revision }),
    storeBinary: async ({ wasm }) => void (await bucket.create(policyModuleKey(acme, digestOf(wasm)), wasm)),
    judge: (payload, tenant = 'acme') => verdictOf(rig.chains.chainOf(tenant), payload),
  };
  rig.chains.onChange(() => void (counts.told += 1));
  return rig;
}

/** For tests: a record of these versions, with what is bound and tried. */
export function recordOf(
  versions: readonly TestVersion[],
  bindings: readonly TestBinding[],
  dryRuns: readonly TestRun[] = [],
): Uint8Array {
  const modules = versions.map(({ wasm, ...rest }) => ({ ...rest, digest: digestOf(wasm), bytes: wasm.length }));
  const fields = { modules, bindings: [...bindings], dryRuns: [...dryRuns] };
  return toBinary(PolicyChainRecordSchema, create(PolicyChainRecordSchema, fields));
}

/** For tests: what a chain says of a message in lab:bench. */
export function verdictOf(chain: PolicyChain | undefined, payload: string): string {
  if (chain === undefined) return 'nothing judges';
  const setters = { setPayload: () => true, setHeader: () => undefined };
  const message = Object.assign(createTestMessage(payload), { room: 'lab', channel: 'bench', ...setters });
  const outcome = judge(
    chain,
    message,
    () => 0,
    () => undefined,
  );
  if (outcome.kind === 'allow') return 'allow';
  return outcome.reason === 'rejected' ? outcome.text : `${outcome.link.name} ${outcome.reason}`;
}

function watched(bucket: KeyValue, watch: KeyValue['watch']): KeyValue {
  return {
    get: (key) => bucket.get(key),
    list: (prefix) => bucket.list(prefix),
    create: (key, value) => bucket.create(key, value),
    update: (key, value, revision) => bucket.update(key, value, revision),
    delete: (key, revision) => bucket.delete(key, revision),
    watch,
  };
}

function digestOf(wasm: Uint8Array): string {
  return createHash('sha256').update(wasm).digest('hex');
}
