import type { Counter, LabelledCounter, Metrics } from '@arqonbus/telemetry';
import type { LocalChannel } from '../subscriptions/local-channel.ts';

/** What deliveries are counted by (TEL-2). */
export interface DeliveryCounters {
  readonly malformed: Counter;
  readonly shed: LabelledCounter;
  /** Counts one publication written to a channel's topics. */
  count(channel: LocalChannel, jsonFrame: Uint8Array | undefined, protoFrame: Uint8Array | undefined): void;
  /** Counts one frame written to one session. */
  countDirect(bytes: number): void;
  /** Grows with every frame; tells the sweep whether anything was written since it looked last. */
  activity(): number;
}

/** Counters in this registry. */
export function createDeliveryCounters(metrics: Metrics): DeliveryCounters {
  const messages = metrics.counter('arqonbus_messages_out_total', 'Frames written to clients.');
  const bytes = metrics.counter('arqonbus_bytes_out_total', 'Bytes of frames written to clients.');
  let activity = 0;
  return {
    malformed: metrics.counter('arqonbus_spine_malformed_total', 'Messages from the Spine that could not be read.'),
    shed: metrics.labelledCounter(
      'arqonbus_messages_shed_total',
      'Messages not written to slow clients, by class.',
      'class',
    ),
    count: (channel, jsonFrame, protoFrame) => {
      activity += 1;
      const frames =
        (jsonFrame === undefined ? 0 : channel.jsonSubscribers) +
        (protoFrame === undefined ? 0 : channel.protoSubscribers);
      messages.inc(frames);
      channel.tenantState.messagesOut += frames;
      if (jsonFrame !== undefined) bytes.inc(jsonFrame.length * channel.jsonSubscribers);
      if (protoFrame !== undefined) bytes.inc(protoFrame.length * channel.protoSubscribers);
    },
    countDirect: (size) => {
      activity += 1;
      messages.inc();
      bytes.inc(size);
    },
    activity: () => activity,
  };
}
