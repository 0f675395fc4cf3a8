import { createCasilPolicy, parseCasilChange } from '@arqonbus/casil';
import type { CasilChange, CasilPolicy, CasilSettings } from '@arqonbus/casil';
import { problemText } from '@arqonbus/config';
import type { Problem } from '@arqonbus/config';
import { BusError } from '@arqonbus/protocol';
import { CasilRecordSchema, readMessage } from '@arqonbus/protocol/spine-messages';
import { parseCasilKey } from '@arqonbus/spine';
import type { KeyValue, KeyValueChange } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';

/** The policies in force at this Shield: the configured one, and those of tenants that have changed theirs (CAS-9). */
export interface CasilPolicies {
  /** False while no tenant has CASIL on (SAF-4). */
  isOn(): boolean;
  /** The policy of a tenant; undefined = it is off there. */
  policyOf(tenant: string): CasilPolicy | undefined;
  /** Who sees more than the others in a tenant (CAS-12); nobody does where CASIL is off. */
  viewsOf(tenant: string): CasilPolicy['views'];
  /** The settings in force for a tenant, and the revision of its change; 0 = it has changed nothing. */
  settingsOf(tenant: string): { readonly settings: CasilSettings; readonly revision: number };
  /** What a tenant's settings are once this is laid over the configured ones; throws a `BusError` for what is none. */
  settingsWith(change: CasilChange): CasilSettings;
  /** What is wrong with laying this over what the tenant has changed; empty = nothing is. */
  problemsWith(tenant: string, change: CasilChange): readonly Problem[];
  /** Told whenever a policy is another one now. */
  onChange(listener: () => void): void;
  /** Resolves when the changes of all tenants are known; nobody is let in before. */
  readonly ready: Promise<void>;
  /** False while changes may have come that are not known yet: nothing is accepted meanwhile (SPN-6). */
  isCurrent(): boolean;
  /** How many tenants have changed something. */
  count(): number;
  stop(): void;
}

/** What keeping policies needs from around it. */
export interface CasilPoliciesOptions {
  /** `ARQON_CASIL`. */
  readonly bucket: KeyValue;
  /** The section of the configuration, in which some settings change at run time. */
  readonly configured: CasilSettings;
  /** Told after each such change. */
  readonly onSettings: (listener: () => void) => void;
  readonly logger: Logger;
  /** Counts what could not be used. */
  readonly refused: { inc(): void };
}

const NO_VIEWS: CasilPolicy['views'] = Object.freeze([]);

interface Override {
  readonly change: Partial<CasilSettings>;
  readonly policy: CasilPolicy;
  readonly revision: number;
}

/**
 * Keeps the policies. A change is made ready as a whole and takes the place of the one before in one step; one that
 * cannot be used is logged and counted, and what was in force stays (CAS-2). Throws where the configuration makes no
 * policy.
 */
export function createCasilPolicies(options: CasilPoliciesOptions): CasilPolicies {
  const { configured, onSettings, logger, refused } = options;
  let base = makePolicy(configured);
  let isAnyOn = base.settings.enabled;
  const overrides = new Map<string, Override>();
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    isAnyOn = base.settings.enabled || [...overrides.values()].some(({ policy }) => policy.settings.enabled);
    for (const listener of listeners) listener();
  };
  const apply = ({ key, value, revision }: KeyValueChange): void => {
    const tenant = parseCasilKey(key);
    try {
      if (value === undefined) overrides.delete(tenant);
      else overrides.set(tenant, overrideOf(readChange(value), configured, revision));
      logger.info({ event: 'casil_applied', tenant, revision }, 'CASIL of a tenant has changed');
    } catch (error) {
      refused.inc();
      const problem = error instanceof BusError ? error.message : 'it cannot be read';
      logger.error({ event: 'casil_refused', tenant, problem }, 'a change of CASIL cannot be used');
      // Who knows what it said: with nothing to stay in force, the strictest that is shipped does (C-08).
      if (!overrides.has(tenant)) overrides.set(tenant, strictest(configured, revision));
    }
    changed();
  };
  onSettings(() => {
    base = makePolicy(configured);
    for (const [tenant, { change, revision }] of overrides)
      overrides.set(tenant, overrideOf(change, configured, revision));
    changed();
  });
  const policyOf: CasilPolicies['policyOf'] = (tenant) => {
    const { policy } = overrides.get(tenant) ?? { policy: base };
    return policy.settings.enabled ? policy : undefined;
  };
  const watch = options.bucket.watch('', apply);
  return {
    isOn: () => isAnyOn,
    policyOf,
    viewsOf: (tenant) => policyOf(tenant)?.views ?? NO_VIEWS,
    settingsOf: (tenant) => {
      const { policy, revision } = overrides.get(tenant) ?? { policy: base, revision: 0 };
      return { settings: policy.settings, revision };
    },
    settingsWith: (change) => ({ ...configured, ...parseChange(change) }),
    problemsWith: (tenant, change) => {
      const parsed = parseCasilChange(change);
      if (!parsed.ok) return parsed.problems;
      const made = createCasilPolicy({ ...configured, ...overrides.get(tenant)?.change, ...parsed.change });
      return made.ok ? [] : made.problems;
    },
    onChange: (listener) => void listeners.push(listener),
    ready: watch.ready,
    isCurrent: () => watch.isCurrent(),
    count: () => overrides.size,
    stop: () => watch.stop(),
  };
}

/** The configuration's own copy, so that a policy does not change under whoever holds it. */
function makePolicy(settings: CasilSettings): CasilPolicy {
  const made = createCasilPolicy({ ...settings });
  if (made.ok) return made.policy;
  throw new BusError('VALIDATION_ERROR', made.problems.map((problem) => `casil.${problemText(problem)}`).join('; '));
}

function strictest(configured: CasilSettings, revision: number): Override {
  const change = {
    enabled: true,
    mode: 'enforce',
    defaultDecision: 'block',
    detectors: {},
    views: [] as string[],
  } as const;
  return overrideOf(change, configured, revision);
}

function overrideOf(change: Override['change'], configured: CasilSettings, revision: number): Override {
  return { change, policy: makePolicy({ ...configured, ...change }), revision };
}

function readChange(value: Uint8Array): Partial<CasilSettings> {
  const record = readMessage(CasilRecordSchema, value);
  const change: unknown = JSON.parse(new TextDecoder().decode(record?.settings ?? new Uint8Array(0)));
  if (typeof change !== 'object' || change === null) throw new BusError('VALIDATION_ERROR', 'It is no object.');
  return parseChange({ ...change });
}

function parseChange(change: CasilChange): Partial<CasilSettings> {
  const parsed = parseCasilChange(change);
  if (parsed.ok) return parsed.change;
  throw new BusError('VALIDATION_ERROR', parsed.problems.map(problemText).join('; '));
}
