import { encodeJsonEnvelope, encodeProtoEnvelope, withLogPosition, withoutSealedViews } from '@arqonbus/protocol';
import type { Envelope } from '@arqonbus/protocol';
import type { SpineMessage } from '@arqonbus/spine';
import type { Connection, Listener } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { ChannelTopics } from '../subscriptions/channel-topics.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import type { DeliveryTracer } from '../traces/delivery-tracer.ts';
import type { Coalescer } from './coalescer.ts';
import { PLAIN_VIEWS } from '../views/reader-views.ts';
import type { ReaderViews } from '../views/reader-views.ts';
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
  views: Pick<ReaderViews, 'payloadIn'> = PLAIN_VIEWS,
): (delivery: Delivery) => void {
  return ({ channel, message, envelope }) => {
    if (!advance(channel, message)) return;
    const startedMs = tracer === undefined ? 0 : tracer.begin(envelope);
    const except = findSilent(sessions, envelope.sender, channel);
    const json = channel.jsonSubscribers > 0 ? jsonFrame(envelope, message, channel.epoch) : undefined;
    const proto = channel.protoSubscribers > 0 ? protoFrame(message, envelope, channel.epoch) : undefined;
    if (json !== undefined) listener.publish(channel.jsonTopic, json, false, except);
    if (proto !== undefined) listener.publish(channel.protoTopic, proto, true, except);
    const isRevealed = channel.revealed.size > 0;
    const silent = isRevealed && topicsOfSilent(except, channel) !== channel ? undefined : except?.data.format;
    counters.count(channel, channel, json, proto, silent, envelope.timestampMs);
    if (isRevealed) writeRevealed({ channel, message, envelope }, { json, proto }, except);
    if (startedMs !== 0) tracer?.end(channel, envelope, startedMs);
  };

  /** Those who see more: one frame for each view and format in use, which is that of the others where they see the same. */
  function writeRevealed(
    { channel, message, envelope }: Delivery,
    base: { json: Uint8Array | undefined; proto: Uint8Array | undefined },
    except: Connection<Peer> | undefined,
  ): void {
    const silentTopics = topicsOfSilent(except, channel);
    for (const topics of channel.revealed.values()) {
      const payload = views.payloadIn(topics.view, channel.address.tenant, envelope);
      const isPlain = payload === undefined;
      const seen = isPlain ? envelope : { ...envelope, payload };
      let json: Uint8Array | undefined;
      let proto: Uint8Array | undefined;
      if (topics.jsonSubscribers > 0) {
        json = (isPlain ? base.json : undefined) ?? jsonFrame(seen, message, channel.epoch);
        listener.publish(topics.jsonTopic, json, false, except);
      }
      if (topics.protoSubscribers > 0) {
        proto = isPlain ? base.proto : revealedProtoFrame(seen, message, channel.epoch);
        proto ??= protoFrame(message, envelope, channel.epoch);
        listener.publish(topics.protoTopic, proto, true, except);
      }
      const silent = silentTopics === topics ? except?.data.format : undefined;
      counters.count(channel, topics, json, proto, silent, envelope.timestampMs);
    }
  }
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

/** What some readers see stays between Shields (CAS-12). */
function protoFrame({ data, seq, prevSeq }: SpineMessage, envelope: Envelope, epoch: string): Uint8Array {
  const plain = withoutSealedViews(data, envelope) ?? encodeProtoEnvelope(envelope);
  return seq > 0 ? withLogPosition(plain, seq, prevSeq, epoch) : plain;
}

function revealedProtoFrame(envelope: Envelope, message: SpineMessage, epoch: string): Uint8Array {
  if (message.seq > 0) placeInLog(envelope, message, epoch);
  return encodeProtoEnvelope(envelope);
}

function topicsOfSilent(except: Connection<Peer> | undefined, channel: LocalChannel): ChannelTopics | undefined {
  return except?.data.kind === 'session' ? except.data.subscriptions.get(channel.name)?.topics : undefined;
}

/** The sender's own socket, where the sender is here, subscribed, and did not ask for its own words (PRT-15). */
function findSilent(sessions: SessionRegistry, sender: string, channel: LocalChannel): Connection<Peer> | undefined {
  const session = sessions.get(sender);
  const subscription = session?.subscriptions.get(channel.name);
  // Who is out of its topics gets nothing by them anyway.
  return subscription?.isAttached === true && !subscription.echo ? session?.connection : undefined;
}
