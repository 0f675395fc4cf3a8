import { BusError } from '@arqonbus/protocol';
import type { DeletePolicyRequest, PolicyModuleEntry } from '@arqonbus/protocol/spine-messages';
import { policyModuleKey } from '@arqonbus/spine';
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
    const result = { deleted: gone.length, unused };
    const dryRuns = record.dryRuns.filter((run) => !isMeant(run));
    if (gone.length === 0) return { record: undefined, result };
    return { record: { ...record, modules, dryRuns }, result, details: { deleted: gone.length } };
  });
  // Nothing names them any more: what is left behind by a crash here harms nobody.
  for (const { digest } of result.unused) await parts.bucket.delete(policyModuleKey(change.tenant, digest));
  return { deleted: result.deleted };
}
