import { BusError, formatTime } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import { invalid } from '../arguments.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { requesterOf } from '../requester-of.ts';

/** Takes in a version of a policy; a Brain checks and stores it. */
export async function putPolicy(
  { session, envelope, deadlineMs }: CommandCall,
  { name, wasm, fuel = 0, memory_bytes: memoryBytes = 0 }: CommandArgs<'op.policy.put'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.put'>>> {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(wasm)) throw invalid([{ field: 'args.wasm', problem: 'is not base64' }]);
  const bytes = Buffer.from(wasm, 'base64');
  const request = { tenant: session.tenant, name, wasm: bytes, fuel, memoryBytes, ...requesterOf(session, envelope) };
  const { module, exports, abi } = await callBrain(spine, 'policy.put', request, deadlineMs);
  return { result: { name, version: module?.version ?? 0, digest: module?.digest ?? '', exports, abi } };
}

/** Lets a version judge somewhere. */
export async function bindPolicy(
  { session, envelope, deadlineMs }: CommandCall,
  { name, version = 0, pattern, order = 0 }: CommandArgs<'op.policy.bind'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.bind'>>> {
  const binding = { name, version, pattern, order };
  const request = { tenant: session.tenant, binding, ...requesterOf(session, envelope) };
  const bound = await callBrain(spine, 'policy.bind', request, deadlineMs);
  return { result: { name, version: bound.binding?.version ?? 0, revision: Number(bound.revision) } };
}

/** Takes a policy out of force. */
export async function unbindPolicy(
  { session, envelope, deadlineMs }: CommandCall,
  { name, pattern = '' }: CommandArgs<'op.policy.unbind'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.unbind'>>> {
  const request = { tenant: session.tenant, name, pattern, ...requesterOf(session, envelope) };
  const { unbound } = await callBrain(spine, 'policy.unbind', request, deadlineMs);
  return { result: { unbound } };
}

/** Deletes what is not bound. */
export async function deletePolicy(
  { session, envelope, deadlineMs }: CommandCall,
  { name, version = 0 }: CommandArgs<'op.policy.delete'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.delete'>>> {
  const request = { tenant: session.tenant, name, version, ...requesterOf(session, envelope) };
  const { deleted } = await callBrain(spine, 'policy.delete', request, deadlineMs);
  return { result: { deleted } };
}

/** Begins or ends a trial where minutes are named, and tells what it has shown at this Shield. */
export async function dryRunPolicy(
  { session, envelope, deadlineMs }: CommandCall,
  { name, version = 0, minutes }: CommandArgs<'op.policy.dry_run'>,
  { spine, policies: { chains } }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.policy.dry_run'>>> {
  if (minutes !== undefined) {
    const request = { tenant: session.tenant, name, version, minutes, ...requesterOf(session, envelope) };
    await callBrain(spine, 'policy.dry_run', request, deadlineMs);
  }
  const run = chains.dryRunOf(session.tenant, name);
  if (run === undefined) return { result: { compared: 0, different: 0, differences: [] } };
  const differences = run.differences().map(({ atMs, ...rest }) => ({ at: formatTime(atMs), ...rest }));
  const about = { version: run.version, until: formatTime(run.untilMs) };
  return { result: { ...about, compared: run.compared(), different: run.different(), differences } };
}

/** Nothing of this name, or in this version. */
export function noSuchPolicy(): BusError {
  return new BusError('NOT_FOUND', 'There is no such policy, or not in this version.');
}
