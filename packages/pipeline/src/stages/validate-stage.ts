import { checkInbound, isJsonContentType } from '@arqonbus/protocol';
import type { Envelope, Limits } from '@arqonbus/protocol';
import type { Ingress } from '../ingress.ts';
import type { Stage } from '../stage.ts';
import { ALLOW, block } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

const NO_TARGET = [{ field: 'room', problem: 'names no room and channel, and the connection has no default target' }];
const NO_EVENT_TYPE = [{ field: 'payload.eventType', problem: 'must be a string of 1 to 128 characters' }];

/** Where inbound telemetry goes, in the tenant it comes from (PRT-26). */
export const TELEMETRY_TARGET = { room: 'integriguard', channel: 'telemetry-stream' } as const;

/** The channel of any room in which an event that names targets is a private message (PRT-17). */
const PRIVATE_CHANNEL = 'pm';

/** Checks what a client may send at all, and fills in where it goes. */
export function createValidateStage(limits: Limits): Stage {
  return {
    name: 'validate',
    check: (ingress: Ingress): Verdict => {
      const { envelope } = ingress;
      if (envelope.type === 'event') {
        resolveTarget(ingress);
        if (envelope.channel === PRIVATE_CHANNEL && envelope.to.length > 0) envelope.type = 'private';
      }
      const refusal = checkInbound(envelope, limits, ingress.origin.isService);
      if (refusal !== undefined) return block(refusal.code, 'not_inbound', refusal.errors);
      switch (envelope.type) {
        case 'event':
          return hasTarget(envelope) ? ALLOW : block('VALIDATION_ERROR', 'no_target', NO_TARGET);
        case 'telemetry':
          return routeTelemetry(envelope);
        default:
          return ALLOW;
      }
    },
  };
}

function resolveTarget({ envelope, origin }: Ingress): void {
  // A room without a channel means the default channel of that same room only: guessing across rooms would misdeliver.
  if (envelope.room === '') envelope.room = origin.defaultRoom;
  if (envelope.channel === '' && envelope.room === origin.defaultRoom) envelope.channel = origin.defaultChannel;
}

function hasTarget({ room, channel }: Envelope): boolean {
  return room !== '' && channel !== '';
}

function routeTelemetry(envelope: Envelope): Verdict {
  if (!hasEventType(envelope)) return block('VALIDATION_ERROR', 'telemetry', NO_EVENT_TYPE);
  envelope.room = TELEMETRY_TARGET.room;
  envelope.channel = TELEMETRY_TARGET.channel;
  return ALLOW;
}

function hasEventType({ payload, contentType }: Envelope): boolean {
  if (payload.length === 0 || !isJsonContentType(contentType)) return false;
  const value: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (typeof value !== 'object' || value === null || !('eventType' in value)) return false;
  const { eventType } = value;
  return typeof eventType === 'string' && eventType.length >= 1 && eventType.length <= 128;
}
