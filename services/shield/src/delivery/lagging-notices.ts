import type { Session } from '../session/session.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { Hole } from './catch-up.ts';
import type { DeliveryCounters } from './delivery-counters.ts';
import type { ServerEnvelopes } from './frames.ts';
import type { SendToSession } from './send-to-session.ts';

/** The `lagging` system messages: whatever a client did not get, it is told of. */
export interface LaggingNotices {
  /** What follows is read from the log, after `seq`. */
  lagging(session: Session, channel: LocalChannel, seq: number): void;
  /** Some publications are no longer in the log; the subscription goes on at the channel's present position. */
  hole(session: Session, channel: LocalChannel, reason: Hole): void;
  /** Publications of a `live` channel that were not written. */
  shedLive(session: Session, channel: LocalChannel, shed: number): void;
  /** Private and system messages that were not written. */
  shedDirect(session: Session, shed: number): void;
}

/** Notices through this sender. */
export function createLaggingNotices(
  envelopes: ServerEnvelopes,
  send: SendToSession,
  counters: DeliveryCounters,
): LaggingNotices {
  return {
    lagging: (session, channel, seq) => {
      send(session, envelopes.system({ event: 'lagging', ...placeOf(channel), epoch: channel.epoch, seq }));
    },
    hole: (session, channel, reason) => {
      const { epoch, lastSeq: seq } = channel;
      send(session, envelopes.system({ event: 'lagging', ...placeOf(channel), epoch, seq, recovered: false, reason }));
    },
    shedLive: (session, channel, shed) => {
      if (shed === 0) return;
      counters.shed.inc('live', shed);
      send(session, envelopes.system({ event: 'lagging', ...placeOf(channel), shed }));
    },
    shedDirect: (session, shed) => {
      if (shed > 0) send(session, envelopes.system({ event: 'lagging', shed }));
    },
  };
}

function placeOf({ address }: LocalChannel): { readonly room: string; readonly channel: string } {
  return { room: address.room, channel: address.channel };
}
