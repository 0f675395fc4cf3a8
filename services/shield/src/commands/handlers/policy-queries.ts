import { DEFAULT_FUEL, policyLimits, tryPolicy } from '@arqonbus/policy';
import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult, TenantId } from '@arqonbus/protocol';
import { PolicyChainRecordSchema, create, readMessage } from '@arqonbus/protocol/spine-messages';
import type { PolicyChainRecord, PolicyModuleEntry } from '@arqonbus/protocol/spine-messages';
import { policyChainKey } from '@arqonbus/spine';
import { NO_CURSOR, invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { noSuchPolicy } from './policy.ts';

type Item = CommandResult<'op.policy.list'>['items'][number];
type Tested = CommandResult<'op.policy.test'>;

/** As {@link keyOf} writes it. */
const CURSOR = /^[a-z0-9_-]+ \d{10}$/;

/** Lists the policies of the tenant as they are stored. */
export async function listPolicies(
  { session }: CommandCall,
  { cursor = '', limit = 100 }: CommandArgs<'op.policy.list'>,
  parts: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.list'>>> {
  if (cursor !== '' && !CURSOR.test(cursor)) throw invalid([NO_CURSOR]);
  const record = await readRecord(session.tenant, parts);
  const modules = record.modules.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rest = modules.filter((module) => keyOf(module) > cursor);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const items = page.map((module) => itemOf(module, record));
  return { result: { items, ...(last !== undefined && rest.length > limit ? { cursor: keyOf(last) } : {}) } };
}

/** Shows a payload to a policy, here and nowhere else. */
export async function testPolicy(
  { session }: CommandCall,
  { name, version = 0, payload, context = {} }: CommandArgs<'op.policy.test'>,
  parts: CommandParts,
): Promise<CommandOutcome<Tested>> {
  const { modules } = await readRecord(session.tenant, parts);
  const versions = modules.filter((module) => module.name === name && (version === 0 || module.version === version));
  const entry = versions.toSorted((a, b) => b.version - a.version)[0];
  if (entry === undefined) throw noSuchPolicy();
  return parts.longReads.run(session, async () => {
    const instance = await parts.policies.loader.load(session.tenant, entry);
    if (instance === undefined) throw new BusError('POLICY_ERROR', 'The policy cannot be loaded.');
    const startedMs = parts.clock.monotonicMs();
    const trial = tryPolicy(instance, payload, context, fuelOf(entry));
    const durationUs = Math.round((parts.clock.monotonicMs() - startedMs) * 10_000) / 10;
    return { result: { ...trial, duration_us: durationUs } };
  });
}

async function readRecord(tenant: TenantId, { policies: { bucket } }: CommandParts): Promise<PolicyChainRecord> {
  const stored = await bucket.get(policyChainKey(tenant));
  if (stored === undefined) return create(PolicyChainRecordSchema);
  const record = readMessage(PolicyChainRecordSchema, stored.value);
  if (record === undefined) throw new BusError('UNAVAILABLE', 'The policies of the tenant cannot be read.');
  return record;
}

/** Orders by name, then by version. */
function keyOf({ name, version }: PolicyModuleEntry): string {
  return `${name} ${String(version).padStart(10, '0')}`;
}

function itemOf(module: PolicyModuleEntry, { bindings }: PolicyChainRecord): Item {
  const { name, version, digest, bytes, memoryBytes, createdAtMs, createdBy } = module;
  const own = bindings.filter((binding) => binding.name === name && binding.version === version);
  return {
    name,
    version,
    digest,
    bytes,
    fuel: fuelOf(module),
    memory_bytes: memoryBytes === 0 ? policyLimits.memoryBytes : memoryBytes,
    created_at: formatTime(Number(createdAtMs)),
    created_by: createdBy,
    bindings: own.map(({ pattern, order }) => ({ pattern, version, order })),
  };
}

function fuelOf({ fuel }: PolicyModuleEntry): number {
  return fuel === 0 ? DEFAULT_FUEL : fuel;
}
