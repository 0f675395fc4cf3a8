import { setImmediate as nextTurn } from 'node:timers/promises';
import { PolicyInstance, loadPolicy } from '@arqonbus/policy';
import type { TenantId } from '@arqonbus/protocol';
import type { PolicyModuleEntry } from '@arqonbus/protocol/spine-messages';
import { policyModuleKey } from '@arqonbus/spine';
import type { KeyValue } from '@arqonbus/spine';
import type { Logger } from '@arqonbus/telemetry';

/** Fetches modules and makes them ready to judge. */
export interface PolicyLoader {
  /**
   * An instance of a module; undefined = it is not there, or is no policy, which is logged and counted. Rejects with a
   * `BusError` where nobody can tell.
   */
  load(tenant: TenantId, entry: PolicyModuleEntry): Promise<PolicyInstance | undefined>;
}

/** What loading needs from around it. */
export interface PolicyLoaderOptions {
  /** `ARQON_POLICIES`. */
  readonly bucket: Pick<KeyValue, 'get'>;
  readonly logger: Logger;
  /** Counts what could not be used. */
  readonly refused: { inc(): void };
}

/** A loader. Modules are checked, metered and compiled here, beside what else goes on. */
export function createPolicyLoader({ bucket, logger, refused }: PolicyLoaderOptions): PolicyLoader {
  const refuse = (tenant: TenantId, { name, version }: PolicyModuleEntry, problem: string): undefined => {
    refused.inc();
    logger.error({ event: 'policy_refused', tenant, policy: name, version, problem }, 'a policy cannot be used');
    return undefined;
  };
  return {
    load: async (tenant, entry) => {
      const stored = await bucket.get(policyModuleKey(tenant, entry.digest));
      if (stored === undefined) return refuse(tenant, entry, 'its binary is missing');
      const caps = entry.memoryBytes === 0 ? {} : { memoryBytes: entry.memoryBytes };
      const loaded = await loadPolicy(stored.value, { ...caps, pause: () => nextTurn() });
      return loaded.ok ? new PolicyInstance(loaded.module) : refuse(tenant, entry, loaded.refusal.message);
    },
  };
}
