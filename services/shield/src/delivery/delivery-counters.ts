import type { WireFormat } from '@arqonbus/pipeline';
import type { Counter, Histogram, LabelledCounter, Metrics } from '@arqonbus/telemetry';
import type { ChannelTopics } from '../subscriptions/channel-topics.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { createClassCounters } from './class-counters.ts';
import type { ClassCounters } from './class-counters.ts';

/** What deliveries are counted by (TEL-2). */
export interface DeliveryCounters {
  readonly malformed: Counter;
  readonly shed: LabelledCounter;
  /** Publications written to a subscriber from the log, because they did not reach it as they came. */
  readonly recovered: ClassCounters;
  /**
   * Counts one publication written to topics of a channel.
   *
   * @param silent wire format of the one subscriber that was left out.
   * @param ingressMs when it entered the bus, ms since the Unix epoch.
   */
  count(
    channel: LocalChannel,
    topics: ChannelTopics,
    json: Uint8Array | undefined,
    proto: Uint8Array | undefined,
    silent: WireFormat | undefined,
    ingressMs: number,
  ): void;
  /** Counts one frame written to one session. */
  countDirect(bytes: number): void;
  /** Grows with every frame; tells the sweep whether anything was written since it looked last. */
  activity(): number;
}

/** Latency is taken of one delivery in this many: the clock is read for it. */
const TIMED_EVERY = 16;

const LATENCY_BUCKETS_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Counters in this registry; `now` is the wall clock that publications are stamped by at their ingress. */
export function createDeliveryCounters(metrics: Metrics, now: () => number): DeliveryCounters {
  const messages = metrics.counter('arqonbus_messages_out_total', 'Frames written to clients.');
  const bytes = metrics.counter('arqonbus_bytes_out_total', 'Bytes of frames written to clients.');
  const delivered = createClassCounters(
    metrics,
    'arqonbus_messages_delivered_total',
    'Publications written to subscribers as they came, once for each, by class of channel.',
  );
  const observe = createLatencyProbe(metrics, now);
  let activity = 0;
  return {
    ...createLossCounters(metrics),
    count: (channel, topics, json, proto, silent, ingressMs) => {
      activity += 1;
      const jsonFrames = json === undefined ? 0 : topics.jsonSubscribers - (silent === 'json' ? 1 : 0);
      const protoFrames = proto === undefined ? 0 : topics.protoSubscribers - (silent === 'proto' ? 1 : 0);
      messages.inc(jsonFrames + protoFrames);
      delivered[channel.logClass].inc(jsonFrames + protoFrames);
      channel.tenantState.messagesOut += jsonFrames + protoFrames;
      if (json !== undefined) bytes.inc(json.length * jsonFrames);
      if (proto !== undefined) bytes.inc(proto.length * protoFrames);
      observe(ingressMs);
    },
    countDirect: (size) => {
      activity += 1;
      messages.inc();
      bytes.inc(size);
    },
    activity: () => activity,
  };
}

function createLossCounters(metrics: Metrics): Pick<DeliveryCounters, 'malformed' | 'shed' | 'recovered'> {
  return {
    malformed: metrics.counter('arqonbus_spine_malformed_total', 'Messages from the Spine that could not be read.'),
    shed: metrics.labelledCounter(
      'arqonbus_messages_shed_total',
      'Messages not written to slow clients, by class of channel; direct = private and system messages.',
      'class',
      { values: ['live', 'direct'] },
    ),
    recovered: createClassCounters(
      metrics,
      'arqonbus_messages_recovered_total',
      'Publications written to subscribers from the log, after a reconnect or while they read too slowly, by class of channel.',
    ),
  };
}

/** From ingress, perhaps at another Shield, to the socket here; clocks that differ show as latency, or as none. */
function createLatencyProbe(metrics: Metrics, now: () => number): (ingressMs: number) => void {
  const latency: Histogram = metrics.histogram(
    'arqonbus_deliver_duration_seconds',
    `From ingress at a Shield to the sockets of subscribers, of one publication in ${TIMED_EVERY}.`,
    LATENCY_BUCKETS_SECONDS,
  );
  let untilTimed = TIMED_EVERY;
  return (ingressMs) => {
    untilTimed -= 1;
    if (untilTimed > 0) return;
    untilTimed = TIMED_EVERY;
    latency.observe(Math.max(0, now() - ingressMs) / 1000);
  };
}
