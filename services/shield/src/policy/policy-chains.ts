import type { PolicyChain } from '@arqonbus/policy';
import { PolicyChainRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import type { PolicyChainRecord } from '@arqonbus/protocol/spine-messages';
import { POLICY_CHAINS_PREFIX, parsePolicyChainKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';
import type { TenantId } from '@arqonbus/protocol';
import type { DryRun } from './dry-run.ts';
import type { PolicyGuard } from './policy-guard.ts';
import { blockingChain, makeReady, noChain, pendingChain } from './ready-chain.ts';
import type { ReadyChain, ReadyOptions } from './ready-chain.ts';

/** The policies in force at this Shield (WSM-1). */
export interface PolicyChains {
  /** False while no tenant has a policy bound (SAF-4). */
  isOn(): boolean;
  /** What judges the messages of a tenant; undefined = nothing does. */
  chainOf(tenant: string): PolicyChain | undefined;
  /** What a trial of this module has shown at this Shield; undefined = there was none lately. */
  dryRunOf(tenant: string, name: string): DryRun | undefined;
  /** Told whenever a chain is another one now. */
  onChange(listener: () => void): void;
  /** Resolves when all policies are known and ready; nobody is let in before. */
  readonly ready: Promise<void>;
  /** False while policies may have come that are not known yet: nothing is accepted meanwhile (SPN-6). */
  isCurrent(): boolean;
  /** How many tenants have policies bound. */
  count(): number;
  stop(): void;
}

/** What keeping policies needs from around it. */
export interface PolicyChainsOptions extends Omit<ReadyOptions, 'isWanted'> {
  /** `ARQON_POLICIES`. */
  readonly bucket: KeyValue;
  /** Counts what could not be used. */
  readonly refused: { inc(): void };
  /** Of a tenant, for as long as it has policies. */
  readonly createGuard: (tenant: TenantId) => PolicyGuard;
}

interface TenantPolicies {
  /** Of the record that is in force, or on its way into force. */
  revision: number;
  ready: ReadyChain;
  readonly guard: PolicyGuard;
}

/**
 * Keeps the chains. Another one is made ready as a whole, beside the one that judges, and takes its place in one step: no
 * message is judged by half of each. What is learned while changes may have been missed blocks until it is ready.
 */
export function createPolicyChains(options: PolicyChainsOptions): PolicyChains {
  const tenants = new Map<string, TenantPolicies>();
  const listeners: (() => void)[] = [];
  const loads = new Set<Promise<void>>();
  let isStopped = false;
  const use = (own: TenantPolicies, ready: ReadyChain): void => {
    own.ready = ready;
    for (const listener of listeners) listener();
  };
  const swap = async (tenant: TenantId, own: TenantPolicies, record: PolicyChainRecord): Promise<void> => {
    const { revision } = own;
    const isWanted = (): boolean => !isStopped && tenants.get(tenant) === own && own.revision === revision;
    const made = await makeReady(tenant, record, own.ready, own.guard, { ...options, isWanted });
    if (made === undefined || !isWanted()) return;
    use(own, made);
    const about = { event: 'policies_applied', tenant, revision, bound: made.chain.length };
    options.logger.info(about, 'policies of a tenant have changed');
  };
  const apply = ({ key, value, revision }: KeyValueChange): void => {
    const tenant = parsePolicyChainKey(key);
    const own = tenants.get(tenant) ?? { revision: 0, ready: noChain, guard: options.createGuard(tenant) };
    if (own.revision === revision) return;
    if (value === undefined) {
      tenants.delete(tenant);
      use(own, noChain);
      return;
    }
    own.revision = revision;
    tenants.set(tenant, own);
    const record = readMessage(PolicyChainRecordSchema, value);
    if (record === undefined) {
      refuse(tenant, options);
      // Who knows what it said: with nothing to stay in force, nothing passes (C-08).
      if (own.ready.chain.length === 0) use(own, blockingChain);
      return;
    }
    if (!watch.isCurrent()) use(own, { ...own.ready, chain: pendingChain(record).chain });
    const load = swap(tenant, own, record).finally(() => loads.delete(load));
    loads.add(load);
  };
  const watch = options.bucket.watch(POLICY_CHAINS_PREFIX, apply);
  const bound = (): readonly TenantPolicies[] => [...tenants.values()].filter(({ ready }) => ready.chain.length > 0);
  return {
    isOn: () => bound().length > 0,
    chainOf: (tenant) => {
      const chain = tenants.get(tenant)?.ready.chain ?? [];
      return chain.length === 0 ? undefined : chain;
    },
    dryRunOf: (tenant, name) => tenants.get(tenant)?.ready.dryRuns.get(name),
    onChange: (listener) => void listeners.push(listener),
    ready: watch.ready.then(() => settled(loads)),
    isCurrent: () => watch.isCurrent(),
    count: () => bound().length,
    stop: () => {
      isStopped = true;
      watch.stop();
    },
  };
}

function refuse(tenant: TenantId, { refused, logger }: PolicyChainsOptions): void {
  refused.inc();
  logger.error({ event: 'policy_refused', tenant, problem: 'the chain cannot be read' }, 'a policy cannot be used');
}

async function settled(loads: ReadonlySet<Promise<void>>): Promise<void> {
  while (loads.size > 0) await Promise.all(loads);
}
