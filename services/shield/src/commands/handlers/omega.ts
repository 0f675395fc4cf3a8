import { inspectEnvelope } from '@arqonbus/casil';
import type { CasilPolicy } from '@arqonbus/casil';
import { BusError, createEnvelope, formatTime, memberJson, omegaPayload } from '@arqonbus/protocol';
import type { CommandArgs, CommandResult } from '@arqonbus/protocol';
import type { OmegaEvent, OmegaLab, OmegaSubstrate } from '@arqonbus/protocol/spine-messages';
import { callBrain } from '@arqonbus/spine';
import type { Session } from '../../session/session.ts';
import type { CommandCall, CommandOutcome, CommandParts } from '../command-context.ts';
import { identityOf } from '../identity-of.ts';
import { nextPage } from '../next-page.ts';
import { requesterOf } from '../requester-of.ts';
import { requireRight } from '../require-right.ts';

type Substrate = CommandResult<'op.omega.register_substrate'>;
type ListedEvent = CommandResult<'op.omega.list_events'>['items'][number];
type Emitted = CommandResult<'op.omega.emit_event'>;

const decoder = new TextDecoder();
const NOTHING = new Uint8Array(0);

/** Tells what the lane is (OMG-1). */
export async function omegaStatus(
  { session, deadlineMs }: CommandCall,
  _args: CommandArgs<'op.omega.status'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.omega.status'>>> {
  const status = await callBrain(spine, 'omega.status', { tenant: session.tenant }, deadlineMs);
  return {
    result: {
      enabled: status.enabled,
      ...describeLab(status.lab),
      max_events: status.maxEvents,
      max_substrates: status.maxSubstrates,
      substrate_count: status.substrateCount,
      event_count: status.eventCount,
    },
  };
}

/** Registers a substrate. */
export async function registerSubstrate(
  { session, envelope, deadlineMs }: CommandCall,
  { name, kind }: CommandArgs<'op.omega.register_substrate'>,
  { spine, limits }: CommandParts,
): Promise<CommandOutcome<Substrate>> {
  const metadata = memberJson(envelope.args, 'metadata', limits) ?? NOTHING;
  const request = { tenant: session.tenant, name, kind, metadata, ...requesterOf(session, envelope) };
  const { substrate } = await callBrain(spine, 'omega.register', request, deadlineMs);
  if (substrate === undefined) throw new BusError('INTERNAL_ERROR');
  return { result: describeSubstrate(substrate) };
}

/** Lists substrates. */
export async function listSubstrates(
  { session, deadlineMs }: CommandCall,
  { cursor = '', limit = 0 }: CommandArgs<'op.omega.list_substrates'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.omega.list_substrates'>>> {
  const page = await callBrain(spine, 'omega.substrates', { tenant: session.tenant, cursor, limit }, deadlineMs);
  requireReader(session, page.lab);
  return { result: { items: page.items.map(describeSubstrate), ...nextPage(page) } };
}

/** Takes a substrate away. */
export async function unregisterSubstrate(
  { session, envelope, deadlineMs }: CommandCall,
  { substrate_id: substrateId }: CommandArgs<'op.omega.unregister_substrate'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.omega.unregister_substrate'>>> {
  const request = { tenant: session.tenant, substrateId, ...requesterOf(session, envelope) };
  const { removed } = await callBrain(spine, 'omega.unregister', request, deadlineMs);
  return { result: { substrate_id: substrateId, removed } };
}

/** Emits an event in the lab, with the rights of the caller. */
export async function emitOmegaEvent(
  { session, envelope, deadlineMs }: CommandCall,
  { substrate_id: substrateId, signal }: CommandArgs<'op.omega.emit_event'>,
  { spine, limits }: CommandParts,
): Promise<CommandOutcome<Emitted>> {
  const payload = memberJson(envelope.args, 'payload', limits) ?? NOTHING;
  const request = { principal: identityOf(session.principal), substrateId, signal, payload };
  const { event, lab, retryAfterMs } = await callBrain(spine, 'omega.emit', request, deadlineMs);
  if (event === undefined) {
    throw new BusError('RATE_LIMITED', undefined, { details: { retry_after_ms: retryAfterMs } });
  }
  return { result: { ...describeEvent(event), ...describeLab(lab) } };
}

/** Lists events. */
export async function listOmegaEvents(
  { session, deadlineMs }: CommandCall,
  { substrate_id: substrateId = '', signal = '', cursor = '', limit = 0 }: CommandArgs<'op.omega.list_events'>,
  { spine, casil }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.omega.list_events'>>> {
  const request = { tenant: session.tenant, substrateId, signal, cursor, limit };
  const page = await callBrain(spine, 'omega.events', request, deadlineMs);
  const lab = requireReader(session, page.lab);
  const policy = casil.policyOf(session.tenant);
  const items = page.items.map((event) => ({ ...describeEvent(event), ...payloadOf(event, lab, policy) }));
  return { result: { items, ...nextPage(page) } };
}

/** Removes events. */
export async function clearOmegaEvents(
  { session, envelope, deadlineMs }: CommandCall,
  { substrate_id: substrateId = '', signal = '' }: CommandArgs<'op.omega.clear_events'>,
  { spine }: CommandParts,
): Promise<CommandOutcome<CommandResult<'op.omega.clear_events'>>> {
  const request = { tenant: session.tenant, substrateId, signal, ...requesterOf(session, envelope) };
  const { removed, remaining } = await callBrain(spine, 'omega.clear', request, deadlineMs);
  return { result: { removed_count: removed, remaining_count: remaining } };
}

/** Who may not join the lab is shown nothing of it (PRT-26). */
function requireReader(session: Session, lab: OmegaLab | undefined): OmegaLab {
  if (lab === undefined) throw new BusError('INTERNAL_ERROR');
  requireRight(session, 'join', lab.room, lab.channel);
  return lab;
}

/**
 * What was emitted, as the lab's readers were shown it: the pipeline redacted there what it was published with, and what is
 * kept is what came. Nothing where the rules of now would block it.
 */
function payloadOf(
  { payload, ...about }: OmegaEvent,
  { room, channel }: OmegaLab,
  policy: CasilPolicy | undefined,
): Pick<ListedEvent, 'payload'> {
  const published = omegaPayload({ ...about, payload: decoder.decode(payload) });
  if (policy === undefined) return readPayload(published);
  const { outcome, rewritten } = inspectEnvelope(
    { ...createEnvelope('event'), room, channel, payload: published },
    policy,
  );
  return outcome === 'BLOCK' ? {} : readPayload(rewritten.payload ?? published);
}

function readPayload(published: Uint8Array): Pick<ListedEvent, 'payload'> {
  const { payload } = JSON.parse(decoder.decode(published)) as { readonly payload: unknown };
  return { payload };
}

function describeLab(lab: OmegaLab | undefined): { readonly lab_room: string; readonly lab_channel: string } {
  return { lab_room: lab?.room ?? '', lab_channel: lab?.channel ?? '' };
}

function describeSubstrate(substrate: OmegaSubstrate): Substrate {
  return {
    substrate_id: substrate.substrateId,
    name: substrate.name,
    kind: substrate.kind,
    metadata: JSON.parse(decoder.decode(substrate.metadata)) as Readonly<Record<string, unknown>>,
    registered_by: substrate.registeredBy,
    registered_at: formatTime(Number(substrate.registeredAtMs)),
  };
}

function describeEvent({ eventId, substrateId, signal, emittedBy, emittedAtMs }: OmegaEvent) {
  const about = { event_id: eventId, substrate_id: substrateId, signal };
  return { ...about, emitted_by: emittedBy, emitted_at: formatTime(Number(emittedAtMs)) };
}
