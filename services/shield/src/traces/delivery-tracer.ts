import type { Envelope } from '@arqonbus/protocol';
import { isSampled } from '@arqonbus/telemetry';
import type { Tracing } from '@arqonbus/telemetry';
import { subscribersOf } from '../subscriptions/channel-topics.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';

/** Records the last two hops of a publication that is traced: over the Spine, and to the sockets (TEL-3). */
export interface DeliveryTracer {
  /** When the writing begins; 0 = this one is not traced. */
  begin(envelope: Envelope): number;
  end(channel: LocalChannel, envelope: Envelope, startedMs: number): void;
}

/** A tracer of deliveries; `now` is the wall clock that publications are stamped by at their ingress. */
export function createDeliveryTracer(tracing: Tracing, now: () => number): DeliveryTracer {
  return {
    begin: ({ traceparent }) => (isSampled(traceparent) ? now() : 0),
    end: (channel, { id, seq, traceparent, timestampMs }, startedMs) => {
      const attributes = {
        'messaging.system': 'arqonbus',
        'messaging.destination.name': channel.name,
        'messaging.message.id': id,
        'arqonbus.tenant': channel.address.tenant,
      };
      const overSpine = tracing.record({
        name: 'spine',
        kind: 'producer',
        parent: traceparent,
        // From ingress, perhaps at another Shield: clocks that differ show here.
        startMs: Math.min(timestampMs, startedMs),
        endMs: startedMs,
        attributes: { ...attributes, 'arqonbus.class': channel.logClass },
      });
      tracing.record({
        name: 'shield delivery',
        kind: 'consumer',
        parent: overSpine,
        startMs: startedMs,
        endMs: now(),
        attributes: { ...attributes, 'arqonbus.seq': seq, 'arqonbus.subscribers': allSubscribersOf(channel) },
      });
    },
  };
}

function allSubscribersOf(channel: LocalChannel): number {
  return subscribersOf(channel, 'jsonSubscribers') + subscribersOf(channel, 'protoSubscribers');
}
