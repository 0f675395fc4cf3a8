import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { MAX_FUEL, loadPolicy, policyLimits } from '@arqonbus/policy';
import type { PolicyModule } from '@arqonbus/policy';
import { BusError } from '@arqonbus/protocol';
import { PolicyModuleEntrySchema, create } from '@arqonbus/protocol/spine-messages';
import type { PolicyChainRecord, PolicyModuleEntry, PutPolicyRequest } from '@arqonbus/protocol/spine-messages';
import { policyModuleKey } from '@arqonbus/spine';
import type { BrainResult, KeyValue } from '@arqonbus/spine';
import { replaceEntry } from '../requests/replace-entry.ts';
import { changeChain, parseChange } from './change-chain.ts';
import type { PolicyChange } from './change-chain.ts';
import type { PolicyParts } from './policy-parts.ts';

const MAX_MODULES = 32;
const MAX_BYTES = 8_388_608;
const MIN_FUEL = 1_000;
const MIN_MEMORY_BYTES = 65_536;

type PutResult = Omit<BrainResult<'policy.put'>, '$typeName'>;

/**
 * Takes a module in, as the next version of its name. It is checked as every Shield will check it, stored under its
 * digest and then named; the same bytes with the same caps are the version that they were before.
 */
export async function putPolicy(request: PutPolicyRequest, parts: PolicyParts): Promise<PutResult> {
  const change = parseChange('op.policy.put', request);
  const wasm = await unpack(request.wasm);
  const caps = { fuel: parseFuel(request.fuel), memoryBytes: parseMemory(request.memoryBytes) };
  const module = await load(wasm, caps.memoryBytes);
  const digest = createHash('sha256').update(wasm).digest('hex');
  const fields = { name: change.name, digest, bytes: wasm.length, ...caps, createdBy: request.requestedBy };
  const { result } = await changeChain(parts, change, (record) => {
    const versions = record.modules.filter(({ name }) => name === change.name);
    const newest = versions.reduce<PolicyModuleEntry | undefined>(
      (a, b) => ((a?.version ?? 0) > b.version ? a : b),
      undefined,
    );
    if (newest !== undefined && isSame(newest, fields)) return { record: undefined, result: newest };
    const entry = create(PolicyModuleEntrySchema, {
      ...fields,
      version: (newest?.version ?? 0) + 1,
      createdAtMs: BigInt(parts.now()),
    });
    checkRoom(record, entry);
    const details = { version: entry.version, digest, bytes: wasm.length };
    const prepare = (): Promise<void> => store(parts.bucket, change, digest, wasm);
    return { record: { ...record, modules: [...record.modules, entry] }, result: entry, details, prepare };
  });
  return { module: result, exports: [...module.exports], abi: module.abi };
}

const gunzipAsync = promisify(gunzip);

/** Frames are small by default, so a module may come as gzip. */
async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await gunzipAsync(bytes, { maxOutputLength: policyLimits.moduleBytes });
  } catch (cause) {
    throw new BusError('VALIDATION_ERROR', 'The module is no gzip, or larger than 1 MiB.', { cause });
  }
}

async function load(wasm: Uint8Array, memoryBytes: number): Promise<PolicyModule> {
  const caps = memoryBytes === 0 ? {} : { memoryBytes };
  const loaded = await loadPolicy(wasm, { ...caps, pause: () => nextTurn() });
  if (loaded.ok) return loaded.module;
  throw new BusError('VALIDATION_ERROR', loaded.refusal.message, { details: { reason: loaded.refusal.reason } });
}

function parseFuel(fuel: number): number {
  if (fuel === 0 || (fuel >= MIN_FUEL && fuel <= MAX_FUEL)) return fuel;
  throw new BusError('VALIDATION_ERROR', `The fuel of a call must be from ${MIN_FUEL} to ${MAX_FUEL}.`);
}

function parseMemory(bytes: number): number {
  if (bytes === 0 || (bytes >= MIN_MEMORY_BYTES && bytes <= policyLimits.memoryBytes)) return bytes;
  throw new BusError(
    'VALIDATION_ERROR',
    `The memory must be from ${MIN_MEMORY_BYTES} to ${policyLimits.memoryBytes} bytes.`,
  );
}

function isSame(
  entry: PolicyModuleEntry,
  { digest, fuel, memoryBytes }: Pick<PolicyModuleEntry, 'digest' | 'fuel' | 'memoryBytes'>,
): boolean {
  return entry.digest === digest && entry.fuel === fuel && entry.memoryBytes === memoryBytes;
}

function checkRoom({ modules }: PolicyChainRecord, { bytes }: PolicyModuleEntry): void {
  if (modules.length >= MAX_MODULES) {
    throw new BusError('QUOTA_EXCEEDED', `A tenant may have ${MAX_MODULES} versions of policies; delete some.`);
  }
  const total = modules.reduce((sum, module) => sum + module.bytes, bytes);
  if (total > MAX_BYTES) throw new BusError('QUOTA_EXCEEDED', `A tenant may have ${MAX_BYTES} bytes of policies.`);
}

/** Written even where it is there already: whoever is deleting that one sees that it is wanted again. */
async function store(bucket: KeyValue, { tenant }: PolicyChange, digest: string, wasm: Uint8Array): Promise<void> {
  await replaceEntry(bucket, policyModuleKey(tenant, digest), ({ put }) => put(wasm));
}
