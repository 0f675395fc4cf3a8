import type { MessageInitShape } from '@bufbuild/protobuf';
import type { OmegaStatusRequest, OmegaStatusResultSchema } from '@arqonbus/protocol/spine-messages';
import { serveBrain } from '@arqonbus/spine';
import type { RpcObserver, SpineSubscription } from '@arqonbus/spine';
import { parseTenant } from '../requests/parse-request.ts';
import { emitEvent } from './emit-event.ts';
import { clearEvents, listEvents } from './omega-events.ts';
import { labOf } from './omega-parts.ts';
import type { OmegaParts } from './omega-parts.ts';
import { listSubstrates, registerSubstrate, unregisterSubstrate } from './substrates.ts';

/** Serves `omega.*`, which any Brain answers: what bounds the lane is one step in its store (OMG-1). Who may ask is for the asker to know. */
export function serveOmega(parts: OmegaParts, observer: RpcObserver): readonly SpineSubscription[] {
  const { spine } = parts;
  return [
    serveBrain(spine, 'omega.status', (request) => status(parts, request), observer),
    serveBrain(spine, 'omega.register', (request) => registerSubstrate(parts, request), observer),
    serveBrain(spine, 'omega.substrates', (request) => listSubstrates(parts, request), observer),
    serveBrain(spine, 'omega.unregister', (request) => unregisterSubstrate(parts, request), observer),
    serveBrain(spine, 'omega.emit', (request, deadlineMs) => emitEvent(parts, request, deadlineMs), observer),
    serveBrain(spine, 'omega.events', (request) => listEvents(parts, request), observer),
    serveBrain(spine, 'omega.clear', (request) => clearEvents(parts, request), observer),
  ];
}

/** Tells what the lane is, also while it is off. */
async function status(
  parts: OmegaParts,
  request: OmegaStatusRequest,
): Promise<MessageInitShape<typeof OmegaStatusResultSchema>> {
  const { enabled, maxEvents, maxSubstrates } = parts.settings;
  const tenant = parseTenant(request.tenant);
  const { substrates, events } = enabled ? await parts.store.figures(tenant) : { substrates: 0, events: 0 };
  const counts = { substrateCount: substrates, eventCount: events };
  return { enabled, lab: labOf(parts), maxEvents, maxSubstrates, ...counts };
}
