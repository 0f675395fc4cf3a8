import type { Listener } from '../listener/listener.ts';
import type { Peer } from '../session/peer.ts';
import type { ChannelTopics } from '../subscriptions/channel-topics.ts';
import type { LocalChannel } from '../subscriptions/local-channel.ts';
import { encodeFrame } from './frames.ts';
import type { ServerEnvelopes } from './frames.ts';

/** Tells all local subscribers of a channel something: one frame a wire format in use, however many they are. */
export type TellChannel = (channel: LocalChannel, payload: Readonly<Record<string, unknown>>) => void;

/** Tells as `system` messages; room and channel are added. `flush` writes what waits, so that nothing is overtaken. */
export function createTellChannel(
  listener: Pick<Listener<Peer>, 'publish'>,
  envelopes: ServerEnvelopes,
  flush: () => void,
): TellChannel {
  return (channel, payload) => {
    flush();
    const { room, channel: name } = channel.address;
    const envelope = envelopes.system({ ...payload, room, channel: name });
    const tell = ({ jsonSubscribers, jsonTopic, protoSubscribers, protoTopic }: ChannelTopics): void => {
      if (jsonSubscribers > 0) listener.publish(jsonTopic, encodeFrame(envelope, 'json'), false);
      if (protoSubscribers > 0) listener.publish(protoTopic, encodeFrame(envelope, 'proto'), true);
    };
    tell(channel);
    for (const topics of channel.revealed.values()) tell(topics);
  };
}
