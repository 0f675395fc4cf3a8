import { BusError, compilePattern } from '@arqonbus/protocol';
import { PolicyBindingSchema, create } from '@arqonbus/protocol/spine-messages';
import type {
  BindPolicyRequest,
  PolicyChainRecord,
  PolicyModuleEntry,
  UnbindPolicyRequest,
} from '@arqonbus/protocol/spine-messages';
import type { BrainResult } from '@arqonbus/spine';
import { changeChain, parseChange } from './change-chain.ts';
import type { PolicyParts } from './policy-parts.ts';

const MAX_BINDINGS = 32;
const MAX_ORDER = 1_000;

type BindResult = Omit<BrainResult<'policy.bind'>, '$typeName'>;

/** Lets a version of a module judge what a pattern means, in the place of whichever version did before. */
export async function bindPolicy(request: BindPolicyRequest, parts: PolicyParts): Promise<BindResult> {
  const { pattern = '', order = 0, version = 0, name = '' } = request.binding ?? {};
  const change = parseChange('op.policy.bind', { ...request, name });
  if (compilePattern(pattern) === undefined) throw new BusError('VALIDATION_ERROR', 'The pattern is malformed.');
  if (Math.abs(order) > MAX_ORDER) throw new BusError('VALIDATION_ERROR', `The order must be within ${MAX_ORDER}.`);
  const { result, revision } = await changeChain(parts, change, (record) => {
    const module = findModule(record, name, version);
    const binding = create(PolicyBindingSchema, { pattern, order, name, version: module.version });
    const others = record.bindings.filter((known) => known.name !== name || known.pattern !== pattern);
    if (others.length >= MAX_BINDINGS) {
      throw new BusError('QUOTA_EXCEEDED', `A tenant may have ${MAX_BINDINGS} bindings of policies.`);
    }
    const details = { pattern, order, version: module.version, digest: module.digest };
    return { record: { ...record, bindings: [...others, binding] }, result: binding, details };
  });
  return { binding: result, revision: BigInt(revision) };
}

/** Takes a module out of force. */
export async function unbindPolicy(
  request: UnbindPolicyRequest,
  parts: PolicyParts,
): Promise<{ readonly unbound: number }> {
  const change = parseChange('op.policy.unbind', request);
  const isMeant = (binding: { readonly name: string; readonly pattern: string }): boolean =>
    binding.name === change.name && (request.pattern === '' || binding.pattern === request.pattern);
  const { result } = await changeChain(parts, change, (record) => {
    const bindings = record.bindings.filter((binding) => !isMeant(binding));
    const unbound = record.bindings.length - bindings.length;
    return { record: unbound === 0 ? undefined : { ...record, bindings }, result: unbound, details: { unbound } };
  });
  return { unbound: result };
}

/** A version of a module; 0 = the newest. Throws `NOT_FOUND`. */
export function findModule({ modules }: PolicyChainRecord, name: string, version: number): PolicyModuleEntry {
  const versions = modules.filter((module) => module.name === name && (version === 0 || module.version === version));
  const found = versions.toSorted((a, b) => b.version - a.version)[0];
  if (found === undefined) throw new BusError('NOT_FOUND', 'There is no such policy, or not in this version.');
  return found;
}
