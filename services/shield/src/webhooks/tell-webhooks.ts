import type { Clock, MessageId } from '@arqonbus/protocol';
import type { WebhookEmitter } from '@arqonbus/runtime';
import type { Activity } from '../activity/activity.ts';
import { jsonBytes } from '../delivery/frames.ts';

/** What telling needs from around it. */
export interface TellWebhooksOptions {
  readonly emitter: WebhookEmitter;
  readonly clock: Clock;
  readonly nextMessageId: () => MessageId;
}

/**
 * Activity that is told to webhooks too: what this Shield alone knows, the end of its connections and what CASIL found here
 * (WHK-2). Who comes and goes, and channels, are told by the Brain that owns the room.
 */
export function tellWebhooks(activity: Activity, { emitter, clock, nextMessageId }: TellWebhooksOptions): Activity {
  return {
    ...activity,
    disconnected: (actor, code) => {
      activity.disconnected(actor, code);
      const { tenant, clientId, user } = actor;
      if (!emitter.isWanted(tenant, 'disconnect', '', '')) return;
      const data = jsonBytes({ client_id: clientId, user, code });
      const event = { type: 'disconnect', eventId: nextMessageId(), room: '', channel: '', atMs: clock.now(), data };
      emitter.emit(tenant, { ...event, type: 'disconnect' });
    },
    casilDecision: (actor, place, decision) => {
      activity.casilDecision(actor, place, decision);
      const { tenant, clientId, user } = actor;
      const { room, channel } = place;
      if (!emitter.isWanted(tenant, 'casil', room, channel)) return;
      const data = jsonBytes({ client_id: clientId, user, ...decision });
      emitter.emit(tenant, { type: 'casil', eventId: nextMessageId(), room, channel, atMs: clock.now(), data });
    },
  };
}
