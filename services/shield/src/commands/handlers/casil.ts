import { createCasilPolicy, describeCasilSettings, describeFlags, inspectEnvelope } from '@arqonbus/casil';
import type { CasilSettings, Decision } from '@arqonbus/casil';
import { BusError, createEnvelope, parseTarget } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import { callBrain } from '@arqonbus/spine';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { invalid } from '../arguments.ts';
import { requesterOf } from '../requester-of.ts';

/** Tells the settings in force for the tenant. */
export function getCasil(
  { session }: CommandCall,
  _args: CommandArgs<'op.casil.get'>,
  { casil }: CommandParts,
): CommandOutcome<CommandResult<'op.casil.get'>> {
  const { settings, revision } = casil.settingsOf(session.tenant);
  return { result: describe(settings, revision) };
}

/** Changes some of them; a Brain checks and stores the whole, and every Shield takes it over (CAS-9). */
export async function reloadCasil(
  { session, envelope, deadlineMs }: CommandCall,
  args: CommandArgs<'op.casil.reload'>,
  { spine, casil }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.casil.reload'>>> {
  if (Object.keys(args).length === 0) throw invalid([{ field: 'args', problem: 'must name a setting' }]);
  const problems = casil.problemsWith(session.tenant, args);
  if (problems.length > 0) {
    throw invalid(
      problems.map(({ key, problem, fix }) => ({
        field: `args.${key}`,
        problem: fix === undefined ? problem : `${problem}; ${fix}`,
      })),
    );
  }
  const change = new TextEncoder().encode(JSON.stringify(args));
  const request = { tenant: session.tenant, change, ...requesterOf(session, envelope) };
  const { settings, revision } = await callBrain(spine, 'casil.reload', request, deadlineMs);
  const whole = JSON.parse(new TextDecoder().decode(settings)) as Readonly<Record<string, unknown>>;
  return { result: describe(casil.settingsWith(whole), Number(revision)) };
}

/** Takes away what the tenant has changed. */
export async function resetCasil(
  { session, envelope, deadlineMs }: CommandCall,
  _args: CommandArgs<'op.casil.reset'>,
  { spine, casil }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.casil.reset'>>> {
  const request = { tenant: session.tenant, ...requesterOf(session, envelope) };
  await callBrain(spine, 'casil.reset', request, deadlineMs);
  return { result: describe(casil.settingsWith({}), 0) };
}

/** Says what enforcing the tenant's settings would do to an event with this payload. */
export function testCasil(
  { session }: CommandCall,
  { payload, room = '', channel = '' }: CommandArgs<'op.casil.test'>,
  { casil }: CommandParts,
): CommandOutcome<CommandResult<'op.casil.test'>> {
  const { settings } = casil.settingsOf(session.tenant);
  const made = createCasilPolicy({ ...settings, enabled: true, mode: 'enforce' });
  if (!made.ok) throw new BusError('CASIL_INTERNAL_ERROR');
  const envelope = createEnvelope('event');
  Object.assign(envelope, room === '' ? {} : (parseTarget(room, channel) ?? { room, channel }));
  envelope.payload = new TextEncoder().encode(JSON.stringify(payload));
  const decision = inspectEnvelope(envelope, made.policy);
  return { result: { ...about(decision), ...delivered(decision, payload) } };
}

function describe(settings: CasilSettings, revision: number): CommandResult<'op.casil.get'> {
  return { settings: describeCasilSettings(settings), revision };
}

function about({
  outcome,
  reason,
  kind,
  riskLevel,
  flags,
  findings,
}: Decision): Omit<CommandResult<'op.casil.test'>, 'payload'> {
  const told = { decision: outcome, reason_code: reason, kind, risk_level: riskLevel };
  return { ...told, flags: describeFlags(flags), findings };
}

function delivered({ outcome, rewritten }: Decision, payload: unknown): { readonly payload?: unknown } {
  if (outcome === 'BLOCK') return {};
  if (rewritten.payload === undefined) return { payload };
  return { payload: JSON.parse(new TextDecoder().decode(rewritten.payload)) as unknown };
}
