import { DEFAULT_FUEL, placePredicate, sortChain } from '@arqonbus/policy';
import type { ChainLink, PolicyChain, PolicyInstance } from '@arqonbus/policy';
import type { TenantId } from '@arqonbus/protocol';
import type { PolicyChainRecord, PolicyModuleEntry } from '@arqonbus/protocol/spine-messages';
import type { Logger } from '@arqonbus/telemetry';
import { createDryRun } from './dry-run.ts';
import type { DryRun } from './dry-run.ts';
import type { PolicyGuard } from './policy-guard.ts';
import type { PolicyLoader } from './policy-loader.ts';

/** A chain that can judge, with all that belongs to it. */
export interface ReadyChain {
  readonly chain: PolicyChain;
  readonly dryRuns: ReadonlyMap<string, DryRun>;
  /** By digest and cap of memory. */
  readonly instances: ReadonlyMap<string, PolicyInstance>;
}

/** Nothing that judges. */
export const noChain: ReadyChain = { chain: [], dryRuns: new Map(), instances: new Map() };

const unreadable: ChainLink = {
  name: 'unreadable',
  version: 0,
  pattern: '*',
  order: 0,
  isMeant: () => true,
  instance: undefined,
  fuel: 0,
};

/** Blocks everything. */
export const blockingChain: ReadyChain = { ...noChain, chain: [unreadable] };

/** Blocks whatever the record says that somebody judges. */
export function pendingChain(record: PolicyChainRecord): ReadyChain {
  return { ...noChain, chain: linksOf(record, () => undefined) };
}

/** What making a chain ready needs from around it. */
export interface ReadyOptions {
  readonly loader: PolicyLoader;
  readonly now: () => number;
  readonly logger: Logger;
  /** Waits before something is tried again. */
  readonly pause: (ms: number) => Promise<void>;
  /** False once another chain is to be made ready. */
  readonly isWanted: () => boolean;
}

const RETRY_MS = 1_000;

/** Loads whatever the record names, as long as it takes; undefined where it is not wanted any more. */
export async function makeReady(
  tenant: TenantId,
  record: PolicyChainRecord,
  { instances: known, dryRuns: knownRuns }: ReadyChain,
  guard: PolicyGuard,
  options: ReadyOptions,
): Promise<ReadyChain | undefined> {
  const instances = new Map<string, PolicyInstance>();
  const runs = record.dryRuns.filter(({ untilMs }) => Number(untilMs) > options.now());
  const used = record.modules.filter((entry) => [...record.bindings, ...runs].some((use) => isOf(use, entry)));
  for (const entry of used) {
    const instance = known.get(instanceKey(entry)) ?? (await loadPatiently(tenant, entry, options));
    if (!options.isWanted()) return undefined;
    if (instance !== undefined) instances.set(instanceKey(entry), instance);
  }
  const find = (use: Use): ChainLink['instance'] => {
    const entry = record.modules.find((module) => isOf(use, module));
    const instance = entry === undefined ? undefined : instances.get(instanceKey(entry));
    return instance === undefined ? undefined : guard.around(use, instance);
  };
  const dryRuns = new Map<string, DryRun>();
  for (const run of runs) {
    const same = knownRuns.get(run.name);
    const isSame = same?.version === run.version && same.untilMs === Number(run.untilMs);
    const candidate = find(run);
    if (isSame) dryRuns.set(run.name, same);
    else if (candidate !== undefined) dryRuns.set(run.name, createDryRun(run, candidate, options.now));
  }
  const judgeOf = (use: Use): ChainLink['instance'] => {
    const instance = find(use);
    return instance === undefined ? undefined : (dryRuns.get(use.name)?.beside(instance) ?? instance);
  };
  return { chain: linksOf(record, judgeOf), dryRuns, instances };
}

interface Use {
  readonly name: string;
  readonly version: number;
}

function isOf(use: Use, entry: PolicyModuleEntry): boolean {
  return use.name === entry.name && use.version === entry.version;
}

function instanceKey({ digest, memoryBytes }: PolicyModuleEntry): string {
  return `${digest}/${memoryBytes}`;
}

async function loadPatiently(
  tenant: TenantId,
  entry: PolicyModuleEntry,
  { loader, pause, logger, isWanted }: ReadyOptions,
): Promise<PolicyInstance | undefined> {
  while (isWanted()) {
    try {
      return await loader.load(tenant, entry);
    } catch (error) {
      logger.warn(
        { event: 'policy_unavailable', tenant, policy: entry.name, err: error },
        'a policy cannot be fetched yet',
      );
      await pause(RETRY_MS);
    }
  }
  return undefined;
}

function linksOf(record: PolicyChainRecord, judgeOf: (use: Use) => ChainLink['instance']): PolicyChain {
  const links = record.bindings.map(({ name, version, pattern, order }): ChainLink => {
    const fuel = record.modules.find((entry) => isOf({ name, version }, entry))?.fuel ?? 0;
    const isMeant = placePredicate(pattern);
    return {
      name,
      version,
      pattern,
      order,
      isMeant,
      instance: judgeOf({ name, version }),
      fuel: fuel === 0 ? DEFAULT_FUEL : fuel,
    };
  });
  return sortChain(links);
}
