import { BusError } from '@arqonbus/protocol';
import type { DeletePolicyRequest, PolicyModuleEntry } from '@arqonbus/protocol/spine-messages';
import { policyModuleKey } from '@arqonbus/spine';
import type { KeyValueEntry } from '@arqonbus/spine';
import { changeChain, parseChange } from './change-chain.ts';
import type { PolicyParts } from './policy-parts.ts';

/** Deletes a version of a module, or all; one that is bound is in force and stays. */
export async function deletePolicy(
  request: DeletePolicyRequest,
  parts: PolicyParts,
): Promise<{ readonly deleted: number }> {
  const change = parseChange('op.policy.delete', request);
  const isMeant = ({ name, version }: Pick<PolicyModuleEntry, 'name' | 'version'>): boolean =>
    name === change.name && (request.version === 0 || version === request.version);
  const { result } = await changeChain(parts, change, (record) => {
    if (record.bindings.some(isMeant)) throw new BusError('CONFLICT', 'The policy is bound; unbind it first.');
    const modules = record.modules.filter((module) => !isMeant(module));
    const gone = record.modules.filter(isMeant);
    const unused = gone.filter(({ digest }) => !modules.some((module) => module.digest === digest));
    const binaries: KeyValueEntry[] = [];
    const result = { deleted: gone.length, binaries };
    const dryRuns = record.dryRuns.filter((run) => !isMeant(run));
    if (gone.length === 0) return { record: undefined, result };
    const prepare = async (): Promise<void> => {
      const keys = new Set(unused.map(({ digest }) => policyModuleKey(change.tenant, digest)));
      const stored = await Promise.all([...keys].map((key) => parts.bucket.get(key)));
      binaries.push(...stored.filter((entry) => entry !== undefined));
    };
    return { record: { ...record, modules, dryRuns }, result, details: { deleted: gone.length }, prepare };
  });
  for (const binary of result.binaries) await forget(binary, parts);
  return { deleted: result.deleted };
}

/** Nothing names it any more, unless it has been put anew since. One that a crash leaves behind here harms nobody. */
async function forget({ key, revision }: KeyValueEntry, { bucket }: PolicyParts): Promise<void> {
  try {
    await bucket.delete(key, revision);
  } catch (error) {
    if (!(error instanceof BusError) || error.code !== 'CONFLICT') throw error;
  }
}
