import type { MessageInitShape } from '@bufbuild/protobuf';
import { BusError, omegaPayload } from '@arqonbus/protocol';
import type { MessageId, TenantId } from '@arqonbus/protocol';
import type { EmitOmegaEventRequest, EmitOmegaEventResultSchema, Identity } from '@arqonbus/protocol/spine-messages';
import { deadlineIn, publishAtEdge } from '@arqonbus/spine';
import type { OmegaEvent } from '@arqonbus/storage';
import { parseTenant, parseUser } from '../requests/parse-request.ts';
import { labOf, requireOmega } from './omega-parts.ts';
import type { OmegaParts } from './omega-parts.ts';
import { eventRecordOf } from './omega-record.ts';
import { parseOmegaName, parsePayload, parseSubstrateId } from './parse-omega.ts';

/** What receivers see as the sender. */
export const OMEGA_SENDER = 'op-omega';

/** How long the edge may take: what it refused is taken back before the caller gives up. */
const PUBLISH_MS = 1_500;

/**
 * Keeps an event and publishes it in the lab with the rights of who emits it. What the lab does not take, be it for its rules, is
 * not kept either. Room and channel are those of the settings: no word of a request is looked at for them (OMG-1).
 */
export async function emitEvent(
  parts: OmegaParts,
  request: EmitOmegaEventRequest,
  deadlineMs: number,
): Promise<MessageInitShape<typeof EmitOmegaEventResultSchema>> {
  requireOmega(parts);
  const { store, settings, clock, metrics } = parts;
  const { principal } = request;
  if (principal === undefined) throw new BusError('VALIDATION_ERROR', 'There is no principal.');
  const tenant = parseTenant(principal.tenantId);
  const event: OmegaEvent = {
    eventId: parts.nextEventId(),
    substrateId: parseSubstrateId(request.substrateId),
    signal: parseOmegaName(request.signal, 'signal'),
    payload: parsePayload(request.payload),
    emittedBy: parseUser(principal.user),
    emittedAtMs: clock.now(),
  };
  const limits = { maxEvents: settings.maxEvents, maxPerMinute: settings.eventsPerMinute };
  const outcome = await store.addEvent(tenant, event, limits);
  switch (outcome.kind) {
    case 'no_substrate':
      throw new BusError('NOT_FOUND', 'There is no such substrate.');
    case 'limited':
      metrics?.refused('rate');
      return { lab: labOf(parts), retryAfterMs: Math.ceil(outcome.retryAfterMs) };
    case 'added':
  }
  try {
    await publish(parts, principal, event, Math.min(deadlineMs, deadlineIn(PUBLISH_MS)));
  } catch (error) {
    metrics?.refused('publish');
    await takeBack(parts, tenant, outcome.position);
    throw error;
  }
  metrics?.emitted();
  return { lab: labOf(parts), event: eventRecordOf(event) };
}

async function publish(
  parts: OmegaParts,
  { tenantId: tenant, user, role, permissions, capabilities, name }: Identity,
  event: OmegaEvent,
  deadlineMs: number,
): Promise<void> {
  const envelope = { ...labOf(parts), id: `arq_omega_${event.eventId}` as MessageId, payload: omegaPayload(event) };
  const ask = {
    principal: { tenant, user, role, permissions, capabilities, name },
    sender: OMEGA_SENDER,
    messages: [{ envelope }],
  };
  const [told] = await publishAtEdge(parts.spine, ask, deadlineMs);
  if (told?.ok !== true) throw new BusError(told?.code ?? 'INTERNAL_ERROR', told?.text);
}

/** Where that fails the event stays in the list though it was refused, so nobody may be told that nothing was done. */
async function takeBack({ store }: OmegaParts, tenant: TenantId, position: string): Promise<void> {
  try {
    await store.takeBack(tenant, position);
  } catch (cause) {
    throw new BusError('TIMEOUT', undefined, { cause });
  }
}
