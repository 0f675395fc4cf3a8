import { encodeJsonEnvelope, withLogPosition } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { SpineMessage } from '@arqonbus/spine';
import type { Connection, Listener } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { DeliveryTracer } from '../traces/delivery-tracer.ts';
import type { Coalescer } from './coalescer.ts';
import { decodeDelivery, placeInLog } from './decode-delivery.ts';
import type { DeliveryCounters } from './delivery-counters.ts';

/** One publication on its way to the local subscribers of a channel. */
export interface Delivery {
  readonly channel: LocalChannel;
  readonly message: SpineMessage;
  readonly envelope: Envelope;
}

/** Takes messages of a channel's subject from the Spine; malformed ones are counted and dropped (SPN-3). */
export type AcceptDelivery = (channel: LocalChannel, message: SpineMessage) => void;

/** Accepts deliveries into the coalescer. */
export function createAcceptDelivery(coalescer: Coalescer<Delivery>, counters: DeliveryCounters): AcceptDelivery {
  return (channel, message) => {
    const envelope = decodeDelivery(message.data);
    if (envelope === undefined) counters.malformed.inc();
    else coalescer.push({ channel, message, envelope });
  };
}

/**
 * Writes one delivery to the channel's topics, as one frame for each wire format in use (ARC-13): what the coalescer
 * runs. No work per subscriber here (ARC-14). Frames are built now and not on arrival, because who joined meanwhile
 * counts on everything after the channel's `lastSeq`, and on nothing up to it.
 */
export function createTopicWriter(
  listener: Pick<Listener<Peer>, 'publish'>,
  sessions: SessionRegistry,
  counters: DeliveryCounters,
  tracer?: DeliveryTracer,
): (delivery: Delivery) => void {
  return ({ channel, message, envelope }) => {
    if (!advance(channel, message)) return;
    const startedMs = tracer === undefined ? 0 : tracer.begin(envelope);
    const except = findSilent(sessions, envelope.sender, channel);
    const json = channel.jsonSubscribers > 0 ? jsonFrame(envelope, message, channel.epoch) : undefined;
    const proto = channel.protoSubscribers > 0 ? protoFrame(message, channel.epoch) : undefined;
    if (json !== undefined) listener.publish(channel.jsonTopic, json, false, except);
    if (proto !== undefined) listener.publish(channel.protoTopic, proto, true, except);
    counters.count(channel, json, proto, except?.data.format, envelope.timestampMs);
    if (startedMs !== 0) tracer?.end(channel, envelope, startedMs);
  };
}

/**
 * Moves the channel on; false = the message is older than what the channel was opened with, or a repetition: whoever is
 * in the topics has it, or was told that it comes after.
 */
function advance(channel: LocalChannel, { seq }: SpineMessage): boolean {
  if (seq > 0) {
    if (seq <= channel.lastSeq) return false;
    channel.lastSeq = seq;
  }
  channel.delivered += 1;
  return true;
}

function jsonFrame(envelope: Envelope, message: SpineMessage, epoch: string): Uint8Array {
  if (message.seq > 0) placeInLog(envelope, message, epoch);
  return encodeJsonEnvelope(envelope);
}

function protoFrame({ data, seq, prevSeq }: SpineMessage, epoch: string): Uint8Array {
  return seq > 0 ? withLogPosition(data, seq, prevSeq, epoch) : data;
}

/** The sender's own socket, where the sender is here, subscribed, and did not ask for its own words (PRT-15). */
function findSilent(sessions: SessionRegistry, sender: string, channel: LocalChannel): Connection<Peer> | undefined {
  const session = sessions.get(sender);
  const subscription = session?.subscriptions.get(channel.name);
  // Who is out of its topics gets nothing by them anyway.
  return subscription?.isAttached === true && !subscription.echo ? session?.connection : undefined;
}
